/** Tells the user what happens to one resource, while it happens. */
export interface Reporter {
	/** Shown until the next one; at most two a second get through. */
	progress(text: string): void;
	info(text: string): void;
	warn(text: string): void;
}

const SILENT: Reporter = { progress() {}, info() {}, warn() {} };
const MIN_GAP_MS = 500;

/**
 * A reporter for the resource `urn`. Pulumi starts its dynamic provider with the engine's address as first argument;
 * anywhere else, in a test or in the command line, the reporter is silent.
 */
export function reporter(urn: unknown): Reporter {
	const engine = connect();
	if (!engine || typeof urn !== "string") return SILENT;
	let last = 0;
	const { LogRequest, LogSeverity } = engine.messages;
	const log = (severity: 1 | 2 | 3, text: string, ephemeral: boolean) => {
		const request = new LogRequest();
		request.setSeverity(severity);
		request.setMessage(text);
		request.setUrn(urn);
		request.setEphemeral(ephemeral);
		// Losing a line must never fail an operation.
		engine.client.log(request, () => {});
	};
	return {
		progress(text) {
			if (Date.now() - last < MIN_GAP_MS) return;
			last = Date.now();
			log(LogSeverity.INFO as 1, text, true);
		},
		info: (text) => log(LogSeverity.INFO as 1, text, false),
		warn: (text) => log(LogSeverity.WARNING as 2, text, false),
	};
}

interface Engine {
	client: { log(request: unknown, done: () => void): void };
	messages: typeof import("@pulumi/pulumi/proto/engine_pb");
}

let cached: Engine | undefined;

function connect(): Engine | undefined {
	if (cached) return cached;
	const address = process.argv[2];
	const isHost = /dynamic-provider/.test(process.argv[1] ?? "");
	if (!isHost || !address || !/^[\w.[\]:-]+:\d+$/.test(address)) return undefined;
	// Loaded by the host already; required here so that nothing else pays for it.
	const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb");
	const grpc = require("@grpc/grpc-js");
	cached = {
		client: new EngineClient(address, grpc.credentials.createInsecure()),
		messages: require("@pulumi/pulumi/proto/engine_pb"),
	};
	return cached;
}
