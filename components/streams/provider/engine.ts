import { lines } from "../../../config/printable";

/** Tells the user what happens to one resource, while it happens. */
export interface Reporter {
	/** Shown until the next one; at most two a second get through, and the last one. */
	progress(text: string, last?: "last"): void;
	info(text: string): void;
	warn(text: string): void;
	/** Waits until the engine has it all: what comes after the end of an operation is not shown. */
	flush(): Promise<void>;
}

const SILENT: Reporter = { progress() {}, info() {}, warn() {}, flush: async () => {} };
const MIN_GAP_MS = 500;
const LOG_MS = 2_000;

/**
 * A reporter for the resource `urn`. Pulumi starts its dynamic provider with the engine's address as first argument;
 * anywhere else, in a test or in the command line, the reporter is silent.
 */
export function reporter(urn: unknown): Reporter {
	const engine = connect();
	if (!engine || typeof urn !== "string") return SILENT;
	// What is done at once needs no progress but the last.
	let shown = Date.now();
	let sent: Promise<void> = Promise.resolve();
	const { LogRequest, LogSeverity } = engine.messages;
	const log = (severity: 1 | 2 | 3, text: string, ephemeral: boolean) => {
		const request = new LogRequest();
		request.setSeverity(severity);
		// The last way out to a terminal: what is another's is text already.
		request.setMessage(lines(text));
		request.setUrn(urn);
		request.setEphemeral(ephemeral);
		// One after the other, or they are shown in another order. Losing a line must never fail an operation.
		sent = sent.then(
			() => new Promise((done) => engine.client.log(request, { deadline: Date.now() + LOG_MS }, () => done())),
		);
	};
	return {
		progress(text, end) {
			if (!end && Date.now() - shown < MIN_GAP_MS) return;
			shown = Date.now();
			log(LogSeverity.INFO as 1, text, true);
		},
		info: (text) => log(LogSeverity.INFO as 1, text, false),
		warn: (text) => log(LogSeverity.WARNING as 2, text, false),
		flush: () => sent,
	};
}

interface Engine {
	client: { log(request: unknown, options: { deadline: number }, done: () => void): void };
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
