/**
 * The oldest nats-servers that will do. `toolchain/requirements.js`, which runs before anything is compiled, has the
 * hub's as well; a test holds it to this one.
 */

/**
 * Of a device. The hub tells devices no addresses (`no_advertise`), and an older server takes a leaf port that tells none for
 * a port of another kind: it ends the link each time with "attempted to connect to wrong port" (nats-server 2.14.5,
 * `leafnode.go`, `processLeafnodeInfo`). Nor does it say which stream it has on its disk, by which the hub knows one that was made anew.
 */
export const DEVICE_SERVER_FLOOR = "2.15.0";

/**
 * Of every node of the hub. 2.15 writes into a stream's snapshots where its sources stand
 * (`js_snapshot_sources`, nats-server's FeatureFlags). "Older peers reject the snapshot outright": a hub that mixes them, or goes back, has nodes without the stream.
 */
export const HUB_SERVER_FLOOR = "2.15.0";

/** Whether version `a` comes before `b`; pre-releases count as their release. */
export function isOlder(a: string, b: string): boolean {
	const numbers = (version: string) => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);
	const [left, right] = [numbers(a), numbers(b)];
	for (let i = 0; i < 3; i++) {
		const difference = (left[i] ?? 0) - (right[i] ?? 0);
		if (difference !== 0) return difference < 0;
	}
	return false;
}

/**
 * What is wrong with the nats-server of a device, and the remedy; undefined if it will do, or nobody can tell.
 *
 * @param told its version, alone, or as `nats-server --version` or the head of its log has it
 */
export function deviceServerTrouble(told: string): string | undefined {
	const version = /(?:^|version: *|: )v?(\d+\.\d+\.\d+[\w.+-]*)/i.exec(told.trim())?.[1];
	if (version === undefined || !isOlder(version, DEVICE_SERVER_FLOOR)) return undefined;
	return `nats-server ${version} is too old for the hub and does not stay connected to it: install ${DEVICE_SERVER_FLOOR} or later. What is published stays here meanwhile`;
}
