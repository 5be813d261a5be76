import type { Command } from "commander";
import { UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { rotate } from "./rotate";
import { rotateSigningKey } from "./signing-key";
import { rotationStatus } from "./status";

interface Flags extends Common {
	readonly all?: boolean;
	readonly signingKey?: boolean;
	readonly end?: boolean;
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
		.option("--signing-key", "the key of the account that signs the credentials of all devices")
		.option("--end", "with --signing-key: end the old ones now; says whom that locks out")
		.option("-y, --yes", "do it")
		.action(async (names: string[], options: Flags) => {
			const devices = [...new Set(names)];
			if (options.all && devices.length > 0) throw new UserError("name devices, or say --all");
			if (options.signingKey && (options.all || devices.length > 0)) {
				throw new UserError("--signing-key is one key for all devices: name none, and leave --all out");
			}
			if (options.end && !options.signingKey) throw new UserError("--end goes with --signing-key");
			const outputs = await outputsOf(options);
			if (options.signingKey) {
				process.exitCode = await rotateSigningKey(outputs, options, say);
				return;
			}
			const asked = options.all || devices.length > 0;
			process.exitCode = asked ? await rotate(outputs, devices, options, say) : await rotationStatus(outputs, say);
		});
}
