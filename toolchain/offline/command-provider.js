#!/usr/bin/env node

/**
 * Stand-in for `pulumi-resource-command` 1.2.1, for machines where the real one cannot be had: `local.Command` and
 * `local.run`, behaving as the real ones do. Nothing else of that plugin (no `remote`, no assets).
 */

const crypto = require("node:crypto");
const { proto, grpc, empty, toStruct, channelOptions } = require("./sdk.js");
const { runPlugin } = require("./serve.js");
const { plain, changes, UNKNOWN } = require("./command-values.js");
const { runCommand, killCommands } = require("./command-run.js");
const { check } = require("./command-check.js");

const VERSION = "1.2.1";
const COMMAND = "command:local:Command";
const RUN = "command:local:run";

const messages = proto("provider_pb");
const { PluginInfo } = proto("plugin_pb");
const { LogRequest, LogSeverity } = proto("engine_pb");

/** @typedef {import("./sdk.js").Stub} Stub */
/** @typedef {import("./command-values.js").Properties} Properties */
/** @typedef {(error: unknown, response?: Stub) => void} Reply */

/** @type {Stub} */
let engine;
/** @param {string} address */
const connect = (address) => {
	const { EngineClient } = proto("engine_grpc_pb");
	engine = new EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
};
const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
if (address) connect(address);

/**
 * Shows a line of a command's output beside its resource, while it runs.
 *
 * @param {string} urn
 */
const logTo = (urn) => (/** @type {string} */ line) => {
	const request = new LogRequest();
	request.setSeverity(LogSeverity.INFO);
	request.setMessage(line);
	request.setUrn(urn);
	request.setEphemeral(true);
	engine?.log(request, () => {});
};

/** @param {Stub | undefined} struct @returns {Properties} */
const read = (struct) => struct?.toJavaScript() ?? {};

/** @param {Properties} state */
const outputOf = (state) => ({ stdout: plain(state.stdout) ?? "", stderr: plain(state.stderr) ?? "" });

/** Inputs that the engine adds for itself are none of the command's. @param {Properties} inputs @returns {Properties} */
const own = (inputs) =>
	Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "version" && !key.startsWith("__")));

/**
 * @param {Stub} failures
 * @returns {Stub[]}
 */
const failureList = (/** @type {import("./command-check.js").Failure[]} */ failures) =>
	failures.map(({ property, reason }) => {
		const failure = new messages.CheckFailure();
		failure.setProperty(property);
		failure.setReason(reason);
		return failure;
	});

/**
 * Answers with what a method returns, or with its error as the engine shows it: the message, no stack trace.
 *
 * @param {(request: Stub) => Promise<Stub> | Stub} method
 */
const answer = (method) => async (/** @type {Stub} */ call, /** @type {Reply} */ reply) => {
	try {
		reply(null, await method(call.request));
	} catch (error) {
		reply({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
	}
};

/** @param {Stub} request */
function requireCommand(request) {
	const type = request.getUrn().split("::")[2]?.split("$").pop();
	if (type !== COMMAND) throw new Error(`${type} needs the real command plugin; this machine has the stand-in`);
}

const methods = {
	handshake: (/** @type {unknown} */ _call, /** @type {Reply} */ reply) =>
		reply({ code: grpc.status.UNIMPLEMENTED, details: "Handshake" }),

	attach: answer((request) => {
		connect(request.getAddress());
		return empty();
	}),

	getPluginInfo: answer(() => {
		const info = new PluginInfo();
		info.setVersion(VERSION);
		return info;
	}),

	getSchema: answer(() => {
		const response = new messages.GetSchemaResponse();
		response.setSchema(JSON.stringify({ name: "command", version: VERSION }));
		return response;
	}),

	checkConfig: answer((request) => {
		const response = new messages.CheckResponse();
		response.setInputs(request.getNews());
		return response;
	}),

	diffConfig: answer(() => {
		const response = new messages.DiffResponse();
		response.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
		return response;
	}),

	configure: answer(() => {
		const response = new messages.ConfigureResponse();
		response.setAcceptsecrets(true);
		response.setSupportspreview(true);
		return response;
	}),

	check: answer((request) => {
		requireCommand(request);
		const response = new messages.CheckResponse();
		response.setInputs(request.getNews());
		response.setFailuresList(failureList(check(plain(read(request.getNews())), false)));
		return response;
	}),

	diff: answer((request) => {
		const response = new messages.DiffResponse();
		const { DiffChanges } = messages.DiffResponse;
		const { Kind } = messages.PropertyDiff;
		const ignored = new Set(request.getIgnorechangesList());
		const found = changes(own(read(request.getOldInputs())), own(read(request.getNews()))).filter(
			({ path }) => !ignored.has(path.split(/[.[]/)[0] ?? ""),
		);
		response.setChanges(found.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
		response.setHasdetaileddiff(true);
		response.setDiffsList([...new Set(found.map(({ path }) => path.split(/[.[]/)[0]))]);
		for (const { path, kind } of found) {
			const difference = new messages.PropertyDiff();
			// Added or removed triggers replace; a changed one does so by the SDK's `replaceOnChanges`.
			const suffix = path === "triggers" ? "_REPLACE" : "";
			difference.setKind(Kind[`${kind.toUpperCase()}${suffix}`]);
			difference.setInputdiff(true);
			response.getDetaileddiffMap().set(path, difference);
		}
		return response;
	}),

	create: answer(async (request) => {
		requireCommand(request);
		const inputs = own(read(request.getProperties()));
		const { create, ...options } = plain(inputs);
		const response = new messages.CreateResponse();
		/** @type {Properties} */
		let output = { stdout: UNKNOWN, stderr: UNKNOWN };
		if (!request.getPreview()) {
			const nothing = { stdout: "", stderr: "" };
			output = create === undefined ? nothing : await runCommand(create, options, nothing, logTo(request.getUrn()));
			response.setId(`${request.getUrn().split("::").pop()}${crypto.randomBytes(4).toString("hex")}`);
		}
		response.setProperties(toStruct({ ...inputs, ...output }));
		return response;
	}),

	update: answer(async (request) => {
		requireCommand(request);
		const before = read(request.getOlds());
		const inputs = own(read(request.getNews()));
		for (const key of request.getIgnorechangesList()) if (key in before) inputs[key] = before[key];
		const { create, update, ...options } = plain(inputs);
		const command = update ?? create;
		/** @type {Properties} */
		let output = { stdout: before.stdout ?? "", stderr: before.stderr ?? "" };
		if (request.getPreview()) output = { stdout: UNKNOWN, stderr: UNKNOWN };
		else if (command !== undefined) {
			output = await runCommand(command, options, outputOf(before), logTo(request.getUrn()));
		}
		const response = new messages.UpdateResponse();
		response.setProperties(toStruct({ ...inputs, ...output }));
		return response;
	}),

	delete: answer(async (request) => {
		requireCommand(request);
		const state = read(request.getProperties());
		const { delete: command, ...options } = plain(state);
		if (command !== undefined) await runCommand(command, options, outputOf(state), logTo(request.getUrn()));
		return empty();
	}),

	read: answer((request) => {
		// A command has nothing that could be looked at: refresh finds what is recorded.
		const response = new messages.ReadResponse();
		response.setId(request.getId());
		response.setProperties(request.getProperties());
		response.setInputs(request.getInputs());
		return response;
	}),

	invoke: answer(async (request) => {
		if (request.getTok() !== RUN) {
			throw new Error(`${request.getTok()} needs the real command plugin; this machine has the stand-in`);
		}
		const inputs = own(read(request.getArgs()));
		const { command, ...options } = plain(inputs);
		const failures = check(plain(inputs), true);
		if (command === undefined) failures.push({ property: "command", reason: "is required" });
		const response = new messages.InvokeResponse();
		if (failures.length > 0) response.setFailuresList(failureList(failures));
		else {
			const output = await runCommand(command, options, { stdout: "", stderr: "" }, logTo(""));
			response.setReturn(toStruct({ ...inputs, ...output }));
		}
		return response;
	}),

	cancel: answer(() => {
		killCommands();
		return empty();
	}),
};

runPlugin(proto("provider_grpc_pb").ResourceProviderService, methods, killCommands).catch((error) => {
	process.stderr.write(`command provider: ${error.message}\n`);
	process.exit(1);
});
