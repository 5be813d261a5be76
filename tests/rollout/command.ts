import { type ChildProcess, spawn } from "node:child_process";
import type { StackOutputs } from "../../contract/outputs";
import type { Bench } from "../support/bench";

/** What the command reads; it reaches the hub as from anywhere, by its leaf port. @param made wherever its devices connect */
export function commandOutputs({ connection }: Bench, made: StackOutputs): StackOutputs {
	const { clientUrl: _client, monitorUrl: _monitor, ...hub } = made.leafline.hub;
	const { adminCreds, systemCreds, urls } = connection;
	const leafline = { ...made.leafline, hub: { ...hub, urls: [...urls] } };
	return { ...made, leafline, access: { adminCreds, systemCreds, readerCreds: {} } };
}

/** `leafline rollout`, as somebody runs it on some machine. */
export interface Command {
	readonly child: ChildProcess;
	/** What it has said so far. */
	text(): string;
	/** Its exit code; null where a signal ended it. */
	readonly ended: Promise<number | null>;
}

/** @param file of the stack's outputs */
export function rolloutCommand(file: string, ...args: readonly string[]): Command {
	const child = spawn(process.execPath, ["bin/cli/main.js", "rollout", ...args, "--outputs", file]);
	let text = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += data));
	const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
	return { child, text: () => text, ended };
}
