import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { heal } from "./heal";

/** `leafline heal`: sets consumers and sources of one device. */
export function addHeal(leafline: Command): void {
	command(leafline, "heal")
		.argument("<device>")
		.description("Set sources of a device going again that stopped, by what can lose or double nothing")
		.option("-n, --dry-run", "say what would be done, and do nothing")
		.option("--drop-poison <folder>", "take messages away that the hub cannot take, each when it is saved there")
		.action(async (device: string, options: Common & { dryRun?: boolean; dropPoison?: string }) => {
			process.exitCode = await heal(await outputsOf(options), device, options, say);
		});
}
