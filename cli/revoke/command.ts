import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { revoke } from "./revoke";

/** `leafline revoke`: exit code 0 when it is done, or was only shown; 1 when it could not be done; 2 when a node does not show it yet. */
export function addRevoke(leafline: Command): void {
	command(leafline, "revoke")
		.argument("<device...>")
		.description(
			"Throw devices out of the hub for ever, at once, as when a truck is stolen. Without --yes it only shows",
		)
		.option("-y, --yes", "do it")
		.action(async (devices: string[], options: Common & { readonly yes?: boolean }) => {
			process.exitCode = await revoke(await outputsOf(options), [...new Set(devices)], options, say);
		});
}
