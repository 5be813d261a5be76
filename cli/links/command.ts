import type { Command } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { switchLink } from "./links";

/** `leafline cut` and `leafline restore`: links of a local stack. */
export function addLinks(leafline: Command): void {
	command(leafline, "cut")
		.argument("<device>")
		.description("Cut the link of a device of a local stack")
		.option("--half-open", "keep the connection but let nothing through, as a lost radio link does")
		.action(async (device: string, options: Common & { halfOpen?: boolean }) => {
			await switchLink((await outputsOf(options)).leafline, device, options.halfOpen ? "half-open" : "cut");
			say(`${device} cut; npx leafline restore ${device} brings it back`);
		});
	command(leafline, "restore")
		.argument("<device>")
		.description("Restore the link of a device of a local stack")
		.action(async (device: string, options: Common) => {
			await switchLink((await outputsOf(options)).leafline, device, "up");
			say(`${device} restored`);
		});
}
