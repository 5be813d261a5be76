import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { retire } from "./retire";

interface Flags extends Common {
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly json?: boolean;
}

/** `leafline retire`: exit code 0 when it is out, or was only shown; 1 when it could not be done; 2 when something still waits on it. */
export function addRetire(leafline: Command): void {
	command(leafline, "retire")
		.argument("<device>")
		.description(
			"Take a device out: it drains, and leaves when the hub has everything that it holds. Without --yes it only shows",
		)
		.option("-y, --yes", "do it, as far as it goes now")
		.option("--dry-run", "only show, as without --yes")
		.option("--json", "what is left on it as JSON; changes nothing")
		.action(async (device: string, options: Flags) => {
			const yes = options.yes === true && options.dryRun !== true && options.json !== true;
			process.exitCode = await retire(await outputsOf(options), device, { ...options, yes }, say);
		});
}
