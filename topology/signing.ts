import type { Fleet } from "../config/model";
import type { Problem } from "./model";
import { overlapOf } from "./overlap";

/**
 * The account's signing key, which every device's credentials are signed by, over all of its rotations. Each has a key of
 * its own, counted as generations from 1.
 */
export interface Signing {
	/** How often it was replaced. Only goes up. */
	readonly rotation: number;
	/** So many of the oldest keys end although devices were not seen with a later one. Only goes up. @default 0 */
	readonly end?: number;
}

/** As for a fleet that was never rotated. */
export const FIRST_SIGNING: Signing = { rotation: 0 };

/** What the fleet file says of it; undefined where it says nothing. */
export function signingOf({ signingKey }: Pick<Fleet, "signingKey">): Signing | undefined {
	if (signingKey === undefined || signingKey.rotation === 0) return undefined;
	const { rotation, end } = signingKey;
	return { rotation, ...(end > 0 && { end }) };
}

/** What follows from an older one and a fleet, and why it must not be. */
export function advanceSigning(
	wanted: Signing = FIRST_SIGNING,
	old: Signing = FIRST_SIGNING,
): { signing: Signing | undefined; problems: Problem[] } {
	const [end, ended] = [wanted.end ?? 0, old.end ?? 0];
	const problems: Problem[] = [];
	const back = (path: string, now: number, before: number, what: string) => {
		if (now >= before) return;
		const message = `${now}, and ${what} ${before} already`;
		const remedy = "write the number that was there, or a higher one";
		problems.push({ document: "fleet", path: ["signingKey", path], message, remedy });
	};
	back("rotation", wanted.rotation, old.rotation, "the signing key was replaced");
	back("end", end, ended, "old keys were ended up to");
	const rotation = Math.max(wanted.rotation, old.rotation);
	const most = Math.max(end, ended);
	return { signing: rotation === 0 ? undefined : { rotation, ...(most > 0 && { end: most }) }, problems };
}

/** Generation of the key that signs what is made now, from 1. */
export function signerGeneration({ rotation } = FIRST_SIGNING): number {
	return rotation + 1;
}

/** By device: the generation of the signing key of the credentials that it came in with last. */
export type SeenWith = Readonly<Record<string, number>>;

/** How far the account's signing keys are. */
export interface SignersState {
	/** Those that end now, or have. */
	readonly ended: readonly string[];
	/** Devices in service that were not seen with the newest one, sorted. Empty when nothing but the newest is left. */
	readonly waiting: readonly string[];
}

/**
 * Which signing keys may go. A device counts by the credentials that it came in with last, for one that was put back to
 * older ones needs the key of those.
 * @param keys public keys, oldest first, the one that signs now last
 * @param devices in service
 * @param ended have ended before
 * @param end so many of the oldest end whoever waits
 */
export function signersState(
	keys: readonly string[],
	devices: readonly string[],
	seen: SeenWith,
	ended: ReadonlySet<string>,
	end = 0,
): SignersState {
	const last = (device: string) => (Object.hasOwn(seen, device) ? (seen[device] ?? 0) : 0);
	const least = devices.length === 0 ? 0 : Math.min(keys.length, ...devices.map(last));
	const inUse = keys[least - 1];
	const gone = new Set([...ended, ...keys.slice(0, Math.min(end, keys.length - 1))]);
	const { replaced, done } = overlapOf(keys, new Set(inUse === undefined ? [] : [inUse]), gone);
	const all = new Set([...gone, ...replaced]);
	const open = !done && keys.slice(0, -1).some((key) => !all.has(key));
	const waiting = open ? devices.filter((device) => last(device) < keys.length).sort() : [];
	return { ended: keys.filter((key) => all.has(key)), waiting };
}
