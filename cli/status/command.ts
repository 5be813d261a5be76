import type { Command } from "commander";
import { type Common, command, outputsOf } from "../options";
import { status } from "./status";

/** `leafline status`: reads, and changes nothing. */
export function addStatus(leafline: Command): void {
	command(leafline, "status")
		.description("What each device holds, what the hub has, and what still waits")
		.option("--json", "one JSON object")
		.option("--watch", "again every second, until interrupted")
		.option("--seen", "what was noted of power cuts and in the journal is not told again on this machine")
		.action(async (options: Common & { json?: boolean; watch?: boolean; seen?: boolean }) => {
			// Not the default: an orderly exit gives the terminal its cursor back.
			process.once("SIGINT", () => process.exit(130));
			process.once("SIGTERM", () => process.exit(143));
			process.exitCode = await status(await outputsOf(options), options);
		});
}
