import type { Command } from "commander";
import { UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { rotate } from "./rotate";
import { rotationStatus } from "./status";

interface Flags extends Common {
	readonly all?: boolean;
	readonly yes?: boolean;
}

/** `leafline rotate`: exit code 0 when it is done, was only shown, or nobody waits; 1 when it failed; 2 when devices wait. */
export function addRotate(leafline: Command): void {
	command(leafline, "rotate")
		.argument("[device...]")
		.description(
			"Give devices new keys; the old stay valid until the new were used. Without a device: who has not used its new one",
		)
		.option("--all", "every device of the fleet")
		.option("-y, --yes", "do it")
		.action(async (names: string[], options: Flags) => {
			const devices = [...new Set(names)];
			if (options.all && devices.length > 0) throw new UserError("name devices, or say --all");
			const outputs = await outputsOf(options);
			const asked = options.all || devices.length > 0;
			process.exitCode = asked ? await rotate(outputs, devices, options, say) : await rotationStatus(outputs, say);
		});
}
