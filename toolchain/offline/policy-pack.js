const { proto, grpc, channelOptions } = require("./sdk.js");
const { listen } = require("./serve.js");

const { AnalyzerService } = proto("analyzer_grpc_pb");
const { AnalyzerStackConfigureRequest, AnalyzerStackConfigureResponse, AnalyzerHandshakeResponse } =
	proto("analyzer_pb");

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {import("node:child_process").ChildProcessByStdio<null, Readable, Readable>} Child */
/** @typedef {(error: unknown, response?: Buffer) => void} Reply */

/**
 * A policy pack reads its stack's name and configuration from the environment, but the engine tells them by a call to
 * the pack. So the engine is given a proxy, which waits for that call, starts the pack with it, and hands on
 * everything else untouched.
 *
 * @param {(more: NodeJS.ProcessEnv) => Child} start
 * @param {{ stdout: (chunk: Buffer | string) => void, stderr: (chunk: Buffer) => void }} output
 * @returns {{ exit: Promise<number>, interrupt: () => void }}
 */
function policyPackProxy(start, output) {
	/** @type {Child | undefined} */
	let child;
	/** @type {Promise<InstanceType<typeof grpc.Client>> | undefined} */
	let pack;
	/** @type {(code: number) => void} */
	let ended = () => {};
	/** @type {Promise<number>} */
	const exit = new Promise((resolve) => {
		ended = resolve;
	});

	/** @param {Buffer} [stack] a ConfigureStack request */
	const startPack = (stack) => {
		const started = start(stack ? stackEnvironment(stack) : {});
		child = started;
		started.stderr.on("data", output.stderr);
		started.on("error", () => ended(1));
		started.on("close", (code) => ended(code ?? 1));
		return portOf(started, output.stdout).then(async (port) => {
			const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channelOptions);
			if (stack) await forward(client, AnalyzerService.configureStack.path, stack).catch(ignoreUnimplemented);
			return client;
		});
	};

	/** @type {Record<string, Function>} */
	const methods = {
		handshake: (/** @type {unknown} */ _call, /** @type {Reply} */ reply) =>
			reply(null, Buffer.from(new AnalyzerHandshakeResponse().serializeBinary())),
		configureStack: (/** @type {{ request: Buffer }} */ call, /** @type {Reply} */ reply) => {
			pack ??= startPack(call.request);
			// Whoever awaits the pack gets its error; nobody may be waiting yet.
			pack.catch(() => {});
			reply(null, Buffer.from(new AnalyzerStackConfigureResponse().serializeBinary()));
		},
	};
	/** @type {Record<string, any>} */
	const service = {};
	for (const [name, method] of Object.entries(AnalyzerService)) {
		service[name] = { ...method, requestDeserialize: same, responseSerialize: same };
		methods[name] ??= async (/** @type {{ request: Buffer }} */ call, /** @type {Reply} */ reply) => {
			try {
				pack ??= startPack();
				reply(null, await forward(await pack, method.path, call.request));
			} catch (error) {
				reply(error);
			}
		};
	}

	listen(service, methods).then(
		({ port, close }) => {
			output.stdout(`${port}\n`);
			exit.finally(close);
		},
		() => ended(1),
	);
	return {
		exit,
		interrupt: () => {
			if (child) child.kill("SIGINT");
			else ended(0);
		},
	};
}

const same = (/** @type {Buffer} */ bytes) => bytes;

/**
 * @param {InstanceType<typeof grpc.Client>} client
 * @param {string} method
 * @param {Buffer} request
 * @returns {Promise<Buffer>}
 */
function forward(client, method, request) {
	return new Promise((resolve, reject) => {
		client.makeUnaryRequest(method, same, same, request, (error, response) =>
			error ? reject(error) : resolve(response ?? Buffer.alloc(0)),
		);
	});
}

/** @param {{ code?: number }} error */
function ignoreUnimplemented(error) {
	if (error.code !== grpc.status.UNIMPLEMENTED) throw error;
}

/** @param {Buffer} bytes @returns {NodeJS.ProcessEnv} */
function stackEnvironment(bytes) {
	const stack = AnalyzerStackConfigureRequest.deserializeBinary(new Uint8Array(bytes));
	/** @type {Record<string, string>} */
	const config = {};
	stack.getConfigMap().forEach((/** @type {string} */ value, /** @type {string} */ key) => {
		config[key] = value;
	});
	return {
		PULUMI_NODEJS_ORGANIZATION: stack.getOrganization(),
		PULUMI_NODEJS_PROJECT: stack.getProject(),
		PULUMI_NODEJS_STACK: stack.getStack(),
		PULUMI_NODEJS_DRY_RUN: String(stack.getDryRun()),
		PULUMI_CONFIG: JSON.stringify(config),
	};
}

/**
 * The pack's port is the first line that it prints; what follows is for the user.
 *
 * @param {Child} child
 * @param {(chunk: Buffer | string) => void} rest
 * @returns {Promise<number>}
 */
function portOf(child, rest) {
	return new Promise((resolve, reject) => {
		let text = "";
		let known = false;
		child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
			if (known) return rest(chunk);
			text += chunk;
			const end = text.indexOf("\n");
			if (end < 0) return;
			known = true;
			resolve(Number(text.slice(0, end)));
			if (end + 1 < text.length) rest(text.slice(end + 1));
		});
		child.on("error", reject);
		child.on("close", () => reject(new Error("the policy pack ended before it could be asked")));
	});
}

module.exports = { policyPackProxy };
