import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { enrol } from "./enrol";

interface Flags extends Common {
	readonly approve?: string;
	readonly rule?: string;
	readonly out?: string;
}

/** `leafline enrol`: exit code 0 when it is let in, or was only shown; 1 when it could not be done. */
export function addEnrol(leafline: Command): void {
	command(leafline, "enrol")
		.argument("<request>", "file that `leafline-device join` made on the device")
		.description("Let in a device that made its key itself; without --approve it shows who asks, and the fingerprint")
		.option("--approve <fingerprint>", "let it in, if this is the fingerprint that the device showed")
		.option("--rule <file>", "let it in, if a line of this file is its name and its fingerprint")
		.option("-o, --out <file>", "where the answer goes (default: DEVICE.answer.json)")
		.action(async (request: string, options: Flags) => {
			process.exitCode = await enrol(await outputsOf(options), request, options, say);
		});
}
