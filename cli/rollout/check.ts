import type { LeaflineOutput } from "../../contract/outputs";
import { BUNDLE } from "../../render/bundle/layout";
import { some } from "../../topology/format";
import { isOlder } from "../../topology/server-floors";
import { UserError } from "../errors";
import type { ReleaseSource } from "./release";
import type { Seen } from "./seen";

/** Who can be told, and who has never asked. */
export interface Asked {
	readonly devices: readonly string[];
	/** Have never said what they run: what is installed there knows nothing of releases. */
	readonly silent: readonly string[];
}

export function whoAsks(seen: Seen, devices: readonly string[]): Asked {
	const asks = (name: string) => seen.have(name) !== undefined;
	return { devices: devices.filter(asks), silent: devices.filter((name) => !asks(name)) };
}

/**
 * What would fail on the device, seen before anything is done.
 * @throws UserError that names the devices and the remedy
 */
export async function checkRelease(
	source: ReleaseSource,
	seen: Seen,
	release: number,
	devices: readonly string[],
): Promise<void> {
	const newer = devices.filter((name) => (seen.have(name)?.release ?? 0) >= release);
	if (newer.length > 0) {
		const highest = Math.max(...newer.map((name) => seen.have(name)?.release ?? 0));
		throw new UserError(`${some(newer)} has release ${release} or a later one: say --release ${highest + 1}`);
	}
	const old: string[] = [];
	let floor = "";
	for (const device of devices) {
		const { versions, brings } = await source.about(device);
		const server = seen.have(device)?.versions["nats-server"];
		const needed = versions.serverFloor;
		if (needed === undefined || server === undefined || brings.includes(BUNDLE.server)) continue;
		if (isOlder(server, needed)) {
			old.push(device);
			floor = needed;
		}
	}
	if (old.length > 0) {
		throw new UserError(
			`${some(old)} runs an older nats-server than the ${floor} that this release needs: bring one along, --with server`,
		);
	}
}

/** Devices by site: the groups of the fleet file. */
export function sitesOf({ devices }: LeaflineOutput, names: readonly string[]): Record<string, string[]> {
	const sites: Record<string, string[]> = {};
	for (const name of names) {
		const site = devices[name]?.group ?? "";
		sites[site] = [...(sites[site] ?? []), name];
	}
	return sites;
}
