import type { Command } from "commander";
import { UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { replace } from "./replace";

interface Flags extends Common {
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly disk?: string;
}

/** `leafline replace`: exit code 0 when it is done, or was only shown; 1 when it could not be done; 2 when a node does not show it yet. */
export function addReplace(leafline: Command): void {
	command(leafline, "replace")
		.argument("<device>")
		.description("New hardware under the same name: locks the old one out for ever, and makes new credentials")
		.option("--disk <which>", "new: what the old one held and the hub has not is given up; old: its store moves over")
		.option("-y, --yes", "do it")
		.option("--dry-run", "only show, as without --yes")
		.action(async (device: string, options: Flags) => {
			const { disk } = options;
			if (disk !== undefined && disk !== "new" && disk !== "old") {
				throw new UserError(`--disk ${disk} is not known: it may be new or old`);
			}
			const yes = options.yes === true && options.dryRun !== true;
			const { stack } = options;
			process.exitCode = await replace(await outputsOf(options), device, { stack, disk, yes }, say);
		});
}
