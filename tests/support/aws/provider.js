// @ts-check
/**
 * A provider `aws` for tests with the real engine: checks what it is given by the definitions of the pinned
 * `@pulumi/aws`, and keeps an invented account in the folder AWS_WORLD.
 */

const { proto, grpc, empty, toStruct } = require("../../../toolchain/offline/sdk.js");
const { runPlugin } = require("../../../toolchain/offline/serve.js");
const { plain } = require("../../../toolchain/offline/command-values.js");
const { openWorld } = require("./world.js");
const { schemaOf, version } = require("./schema.js");
const { mistakes } = require("./check.js");
const { invoke } = require("./invokes.js");
const { operationsOn, resourceOf } = require("./operations.js");

const messages = proto("provider_pb");
const { PluginInfo } = proto("plugin_pb");

/** @typedef {import("../../../toolchain/offline/sdk.js").Stub} Stub */
/** @typedef {Record<string, any>} Values */

const world = openWorld(process.env.AWS_WORLD ?? "");
const around = {
	region: process.env.AWS_REGION ?? "",
	/** The simulated EC2 answers when every server is as the world says. */
	async settle() {
		const address = process.env.AWS_WORLD_EVENTS;
		if (!address) return;
		const response = await fetch(address, { method: "POST" });
		if (!response.ok) throw new Error(await response.text());
	},
};
const operations = operationsOn(world, around);

/** @param {Stub | undefined} struct @returns {Values} */
const read = (struct) => struct?.toJavaScript() ?? {};

/** @param {string[]} failures */
const failureList = (failures) =>
	failures.map((reason) => {
		const failure = new messages.CheckFailure();
		// No property: the engine would print its value, also a secret one.
		failure.setProperty("");
		failure.setReason(reason);
		return failure;
	});

/** @param {(request: Stub) => Promise<Stub> | Stub} method */
const answer =
	(method) => async (/** @type {Stub} */ call, /** @type {(error: unknown, response?: Stub) => void} */ reply) => {
		try {
			reply(null, await method(call.request));
		} catch (error) {
			reply({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
		}
	};

const methods = {
	handshake: (/** @type {unknown} */ _call, /** @type {(error: unknown) => void} */ reply) =>
		reply({ code: grpc.status.UNIMPLEMENTED, details: "Handshake" }),

	attach: answer(() => empty()),
	cancel: answer(() => empty()),

	getPluginInfo: answer(() => {
		const info = new PluginInfo();
		info.setVersion(version);
		return info;
	}),

	getSchema: answer(() => {
		const response = new messages.GetSchemaResponse();
		response.setSchema(JSON.stringify({ name: "aws", version }));
		return response;
	}),

	checkConfig: answer((request) => {
		const response = new messages.CheckResponse();
		response.setInputs(request.getNews());
		const { region } = plain(read(request.getNews()));
		const missing = "the provider aws has no region; run: pulumi config set aws:region <region>";
		if (!region && !around.region) response.setFailuresList(failureList([missing]));
		return response;
	}),

	diffConfig: answer(() => {
		const response = new messages.DiffResponse();
		response.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
		return response;
	}),

	configure: answer((request) => {
		around.region = plain(read(request.getArgs())).region ?? around.region;
		const response = new messages.ConfigureResponse();
		response.setAcceptsecrets(true);
		response.setSupportspreview(true);
		return response;
	}),

	check: answer((request) => {
		const seed = request.getRandomseed_asU8();
		const resource = resourceOf(request.getUrn());
		const { inputs, failures } = operations.check(resource, read(request.getOlds()), read(request.getNews()), seed);
		const response = new messages.CheckResponse();
		response.setInputs(toStruct(inputs));
		response.setFailuresList(failureList(failures));
		return response;
	}),

	diff: answer((request) => {
		const { differences, deleteBeforeReplace } = operations.diff(
			resourceOf(request.getUrn()),
			read(request.getOldInputs()),
			read(request.getNews()),
			request.getIgnorechangesList(),
		);
		const { DiffChanges } = messages.DiffResponse;
		const response = new messages.DiffResponse();
		response.setChanges(differences.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
		response.setHasdetaileddiff(true);
		response.setDeletebeforereplace(deleteBeforeReplace);
		const tops = (/** @type {typeof differences} */ some) => [
			...new Set(some.map(({ path }) => path.split(/[.[]/)[0])),
		];
		response.setDiffsList(tops(differences));
		response.setReplacesList(tops(differences.filter(({ replace }) => replace)));
		for (const { path, kind, replace } of differences) {
			const difference = new messages.PropertyDiff();
			difference.setKind(messages.PropertyDiff.Kind[`${kind.toUpperCase()}${replace ? "_REPLACE" : ""}`]);
			difference.setInputdiff(true);
			response.getDetaileddiffMap().set(path, difference);
		}
		return response;
	}),

	create: answer(async (request) => {
		const inputs = read(request.getProperties());
		const response = new messages.CreateResponse();
		if (request.getPreview()) response.setProperties(toStruct(inputs));
		else {
			const { id, outs } = await operations.create(resourceOf(request.getUrn()), inputs);
			response.setId(id);
			response.setProperties(toStruct(outs));
		}
		return response;
	}),

	read: answer(async (request) => {
		const found = await operations.read(resourceOf(request.getUrn()), request.getId(), read(request.getInputs()));
		const response = new messages.ReadResponse();
		if (!found) return response;
		response.setId(request.getId());
		response.setProperties(toStruct(found.outs));
		response.setInputs(toStruct(found.inputs));
		return response;
	}),

	update: answer(async (request) => {
		const news = read(request.getNews());
		const response = new messages.UpdateResponse();
		const resource = resourceOf(request.getUrn());
		if (request.getPreview()) response.setProperties(toStruct({ ...read(request.getOlds()), ...news }));
		else response.setProperties(toStruct(await operations.update(resource, request.getId(), news)));
		return response;
	}),

	delete: answer(async (request) => {
		await operations.delete(resourceOf(request.getUrn()), request.getId(), read(request.getProperties()));
		return empty();
	}),

	invoke: answer((request) => {
		const [token, args] = [request.getTok(), plain(read(request.getArgs()))];
		const response = new messages.InvokeResponse();
		const schema = schemaOf(token);
		const failures = schema ? mistakes(schema, args) : ["@pulumi/aws has no such function"];
		if (failures.length > 0) response.setFailuresList(failureList(failures.map((sentence) => `${token}: ${sentence}`)));
		else {
			const { given } = world.control();
			const result = invoke(token, args, { region: around.region, given });
			world.record({ op: "invoke", type: token, started: Date.now(), ended: Date.now(), inputs: args });
			response.setReturn(toStruct(result));
		}
		return response;
	}),
};

runPlugin(proto("provider_grpc_pb").ResourceProviderService, methods, () => {}).catch((error) => {
	process.stderr.write(`recording aws provider: ${error.message}\n`);
	process.exit(1);
});
