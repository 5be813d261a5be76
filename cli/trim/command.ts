import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { trim } from "./trim";

/** `leafline trim`: purges on devices. */
export function addTrim(leafline: Command): void {
	command(leafline, "trim")
		.description("Make room on connected devices: purge the oldest messages that the hub has, where room is needed")
		.action(async (options: Common) => {
			process.exitCode = await trim(await outputsOf(options), say);
		});
}
