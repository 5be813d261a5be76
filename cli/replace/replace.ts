import type { StackOutputs } from "../../contract/outputs";
import { runUpdate } from "../engine";
import { UserError } from "../errors";
import { leftLine, leftOn } from "../fleet/left";
import { named } from "../fleet/named";
import { openFleetFile } from "../fleet-file";
import { projectDir } from "../project";
import { revoke } from "../revoke/revoke";

export interface ReplaceOptions {
	readonly stack?: string | undefined;
	/** Whose store the new hardware starts with. To be said before anything is done. */
	readonly disk?: "new" | "old" | undefined;
	/** Do it. @default false: say what would be done */
	readonly yes?: boolean | undefined;
}

const ENDS: Readonly<Record<"new" | "old", string>> = {
	new: "--disk new: what it holds and the hub has not is given up, and the hub goes on with the new disk from its first message",
	old: "--disk old: its store moves to the new hardware, and the hub goes on where it was; never start both",
};

/**
 * New hardware under the name of a device: the old one is revoked, and the name comes back with another key. One that was
 * interrupted goes on, for both steps say the same again.
 * @returns exit code: 0 done, or shown; 1 an update failed; 2 the old one is not seen to be shut out at every node
 * @throws UserError when there is no such device, or it drains; ConfigError for a fleet file with mistakes
 */
export async function replace(
	outputs: StackOutputs,
	device: string,
	{ stack: wanted, disk, yes = false }: ReplaceOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const before = openFleetFile(root, stack);
	named(leafline.devices, device);
	const entry = named(before.fleet.devices, device, before.name);
	if (entry.retired === "drain") {
		throw new UserError(`${device} drains (retired: drain): take that out of ${before.name}, or retire it`);
	}
	say(leftLine(device, await leftOn(outputs, device)));
	say("the old hardware is locked out for ever, by a revoked key; what the hub has of it stays");
	for (const line of disk === undefined ? Object.values(ENDS) : [ENDS[disk]]) say(line);
	const own = entry.publicKey !== undefined;
	if (own)
		say(
			"it made its key itself: that key is revoked and goes out of the fleet file, and the new hardware asks with one of its own",
		);
	if (!yes) {
		say("nothing was done; --yes does it");
		return 0;
	}
	if (disk === undefined) throw new UserError("say what becomes of what it holds: --disk new, or --disk old");
	const code = await revoke(outputs, [device], { stack, yes }, say);
	if (code !== 0) return code;
	const file = openFleetFile(root, stack);
	file.remove(["devices", device, "retired"]);
	if (own) file.remove(["devices", device, "publicKey"]);
	file.save();
	const { good, why } = await runUpdate(root, stack);
	if (!good) {
		say(`the update failed: ${why}; ${device} stays locked out. Run the same again`);
		return 1;
	}
	say(`${device} is back in service with another key, which nothing has yet`);
	for (const line of nextSteps(device, disk, own)) say(line);
	return 0;
}

function nextSteps(device: string, disk: "new" | "old", own: boolean): string[] {
	const store =
		"copy the old store (storeDir, the whole folder, its server ended) to the new hardware before its server starts";
	return [
		...(disk === "old" ? [store] : []),
		...(own ? [`on the new hardware: leafline-device join request ${device}; then leafline enrol with that`] : []),
		`write the outputs anew; leafline bundle ${device}${own ? " --credentials none" : ""}, and install.sh on the new hardware`,
	];
}
