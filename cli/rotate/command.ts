import type { Command } from "commander";
import { UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { rotateAuthority } from "./authority";
import { rotate } from "./rotate";
import { rotateSigningKey } from "./signing-key";
import { rotationStatus } from "./status";

interface Flags extends Common {
	readonly all?: boolean;
	readonly signingKey?: boolean;
	readonly ca?: boolean;
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
		.option("--ca", "the authority of the hub's certificate, one step on: beside the old one, signs, alone")
		.option("--end", "with --signing-key: end the old ones now; with --ca: go on; says whom that locks out")
		.option("-y, --yes", "do it")
		.action(async (names: string[], options: Flags) => {
			const devices = [...new Set(names)];
			if (options.all && devices.length > 0) throw new UserError("name devices, or say --all");
			const one = [options.signingKey, options.ca].filter(Boolean).length;
			if (one > 1 || (one === 1 && (options.all || devices.length > 0))) {
				throw new UserError("--signing-key and --ca are for all devices: say one of them alone, and name no device");
			}
			if (options.end && one === 0) throw new UserError("--end goes with --signing-key or --ca");
			const outputs = await outputsOf(options);
			if (one === 1) {
				const rotated = options.ca ? rotateAuthority(outputs, options, say) : rotateSigningKey(outputs, options, say);
				process.exitCode = await rotated;
				return;
			}
			const asked = options.all || devices.length > 0;
			process.exitCode = asked ? await rotate(outputs, devices, options, say) : await rotationStatus(outputs, say);
		});
}
