import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { runUpdate } from "../engine";
import { UserError } from "../errors";
import { named } from "../fleet/named";
import { type FleetFile, openFleetFile } from "../fleet-file";
import { plural } from "../format";
import { projectDir } from "../project";

/** Who has which key: what the outputs make credentials of. It cuts nobody off. */
const ROSTER = "**Roster::roster";

export interface RotateOptions {
	readonly stack?: string | undefined;
	/** Every device of the fleet. @default those that are named */
	readonly all?: boolean | undefined;
	/** Do it. @default false: say what would be done */
	readonly yes?: boolean | undefined;
}

/**
 * Raises the number of rotations in the fleet file and brings that up, so that the outputs make new credentials.
 * @param devices their names; none with `all`
 * @returns exit code: 0 done, or shown; 1 the update failed
 * @throws UserError when a device has no key that leafline makes; ConfigError for a fleet file with mistakes
 */
export async function rotate(
	{ leafline }: StackOutputs,
	devices: readonly string[],
	{ stack: wanted, all = false, yes = false }: RotateOptions,
	say: (line: string) => void,
): Promise<number> {
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const file = openFleetFile(root, stack);
	const { chosen, own } = choose(file, devices, all);
	if (own.length > 0)
		say(`${some(own)} made its key itself and keeps it: write a new publicKey and raise its rotation in one edit`);
	for (const path of all ? [["rotation"]] : chosen.map((device) => ["devices", device, "rotation"])) {
		const next = file.number(path) + 1;
		file.set(path, next);
		say(`${file.name}: ${path.join(".")}: ${next}`);
	}
	say(
		`${plural(chosen.length, "device")} will have new credentials; the old open as well, until the hub has seen the new ones`,
	);
	if (!yes) {
		say("nothing was done; --yes does it");
		return 0;
	}
	file.save();
	// On this machine an update brings the new credentials to the devices as well.
	const { good, why } = await runUpdate(root, stack, leafline.local ? [] : [ROSTER]);
	if (!good) {
		say(`the update failed: ${why}`);
		return 1;
	}
	if (!leafline.local) {
		say(
			"now bring them to the devices: leafline bundle makes what to install, and install.sh starts the server with it",
		);
	}
	say(
		`npx leafline rotate says who has used them; the next npm run up -- --stack ${stack} revokes the old ones of those`,
	);
	return 0;
}

/** @throws UserError */
function choose({ fleet, name }: FleetFile, devices: readonly string[], all: boolean) {
	const inService = Object.values(fleet.devices).filter(({ retired }) => retired !== "lost");
	if (all) {
		const [chosen, own] = [inService.filter((it) => !it.publicKey), inService.filter((it) => it.publicKey)];
		return { chosen: chosen.map((it) => it.name), own: own.map((it) => it.name) };
	}
	for (const device of devices) {
		const found = named(fleet.devices, device, name);
		if (found.retired === "lost") throw new UserError(`${device} is lost (retired: lost): all of its keys are revoked`);
		if (found.publicKey !== undefined) {
			const remedy = `make a new one there, write it into ${name} as publicKey, and raise rotation in the same edit`;
			throw new UserError(`${device} made its key itself: ${remedy}`);
		}
	}
	return { chosen: devices, own: [] };
}
