import type { Fleet } from "../config/model";
import type { Problem } from "./model";

/**
 * Who has which key, and which keys are revoked for ever. A device's key is derived from the fleet's secret, its name
 * and a generation, so a name whose key was revoked gets the next generation: what was revoked once never opens again,
 * whatever becomes of the fleet file.
 */

/** Generation of a derived key, from 1; or the public key (`U…`) of one that the device made itself. */
export type KeyRef = number | string;

/** All users of one kind. Both maps by name. */
export interface Roll {
	/** The keys in use. */
	readonly keys: Readonly<Record<string, KeyRef>>;
	/** The keys that a name has had; only ever added to. */
	readonly revoked: Readonly<Record<string, readonly KeyRef[]>>;
}

export interface Roster {
	readonly devices: Roll;
	readonly readers: Roll;
}

/** What a fleet file says of one user. */
export interface Enrolled {
	/** Of a key that the device made itself. @default derived */
	readonly publicKey?: string;
	/** Its key is revoked. @default false */
	readonly lost?: boolean;
}

/** What a roster is made from. */
export interface Enrolment {
	readonly devices: Readonly<Record<string, Enrolled>>;
	readonly readers: Readonly<Record<string, Enrolled>>;
}

/** What became of the names between two rosters, each sorted. */
export interface Turnover {
	/** Gone from the file: revoked. */
	readonly left: readonly string[];
	/** Were revoked, and are in service with a new key. */
	readonly returned: readonly string[];
	/** Have another key than before, which is revoked. */
	readonly rekeyed: readonly string[];
}

/**
 * Most keys that may be revoked in one fleet. Each takes 93.4 bytes of the account's JWT (measured: 935,509 bytes for
 * 10,000), which must fit into one message of 1 MiB (`max_payload`) with everything else that the account says.
 */
export const MOST_REVOKED = 10_000;

export const NO_ROLL: Roll = { keys: {}, revoked: {} };

/** What the roster needs to know of a fleet. */
export function enrolment({ devices, consumers }: Pick<Fleet, "devices" | "consumers">): Enrolment {
	const enrolled = Object.values(devices).map(({ name, publicKey, retired }): [string, Enrolled] => [
		name,
		{ ...(publicKey !== undefined && { publicKey }), ...(retired === "lost" && { lost: true }) },
	]);
	const readers = Object.keys(consumers).map((name): [string, Enrolled] => [name, {}]);
	return { devices: Object.fromEntries(enrolled), readers: Object.fromEntries(readers) };
}

/**
 * The roster that follows from an older one and a fleet.
 * @param old of the last update. @default none: a fleet that begins, whose lost devices are revoked
 * @returns it, and why it must not be
 */
export function advance(
	{ devices, readers }: Enrolment,
	old: Partial<Roster> = {},
): { roster: Roster; problems: Problem[] } {
	const roster = { devices: advanceRoll(old.devices ?? NO_ROLL, devices), readers: advanceRoll(old.readers, readers) };
	return { roster, problems: [...revivedKeys(devices, roster.devices), ...tooMany(roster)] };
}

/** The roster of a fleet that begins. */
export function firstRoster(fleet: Pick<Fleet, "devices" | "consumers">): Roster {
	return advance(enrolment(fleet)).roster;
}

/** What changed from one roll to the next. */
export function turnover(old: Roll, next: Roll): Turnover {
	const before = Object.keys(old.keys).sort();
	const now = Object.keys(next.keys).sort();
	return {
		left: before.filter((name) => !has(next.keys, name)),
		returned: now.filter((name) => has(old.revoked, name) && !has(old.keys, name)),
		rekeyed: now.filter((name) => has(old.keys, name) && old.keys[name] !== next.keys[name]),
	};
}

/** Generations of derived keys by name, those above 1. */
export function generations({ keys }: Roll): Record<string, number> {
	const later = Object.entries(keys).filter((entry): entry is [string, number] => Number(entry[1]) > 1);
	return Object.fromEntries(later);
}

/** Generation of the derived key of one name. @default 1, also for one that has none */
export function generationOf({ keys }: Roll, name: string): number {
	const key = has(keys, name) ? keys[name] : undefined;
	return typeof key === "number" ? key : 1;
}

function advanceRoll(old: Roll = NO_ROLL, wanted: Readonly<Record<string, Enrolled>>): Roll {
	const revoked = new Map(Object.entries(old.revoked));
	const revoke = (name: string, key: KeyRef) => {
		const before = revoked.get(name) ?? [];
		if (!before.includes(key)) revoked.set(name, [...before, key]);
	};
	for (const [name, key] of Object.entries(old.keys)) {
		const now = has(wanted, name) ? wanted[name] : undefined;
		const another = now?.publicKey === undefined ? typeof key === "string" : now.publicKey !== key;
		if (!now || now.lost || another) revoke(name, key);
	}
	const keys = new Map<string, KeyRef>();
	for (const [name, { publicKey, lost }] of Object.entries(wanted)) {
		const kept = has(old.keys, name) ? old.keys[name] : undefined;
		if (!lost) keys.set(name, publicKey ?? (typeof kept === "number" ? kept : nextGeneration(revoked.get(name))));
		else if (publicKey !== undefined) revoke(name, publicKey);
		else if (!revoked.has(name)) revoke(name, 1);
	}
	return { keys: sorted(keys), revoked: sorted(revoked) };
}

function nextGeneration(revoked: readonly KeyRef[] = []): number {
	return 1 + Math.max(0, ...revoked.filter((key) => typeof key === "number"));
}

/** Keys that devices made themselves, and that were revoked before. */
function revivedKeys(devices: Enrolment["devices"], { revoked }: Roll): Problem[] {
	const holders = new Map(Object.entries(revoked).flatMap(([name, keys]) => keys.map((key) => [key, name] as const)));
	return Object.entries(devices).flatMap(([device, { publicKey, lost }]): Problem[] => {
		const holder = publicKey === undefined || lost ? undefined : holders.get(publicKey);
		if (holder === undefined) return [];
		const message = `${publicKey} is revoked for ever: ${holder} had it and was lost, left the fleet or got another key`;
		const remedy = "make a new key on the device and write its public key here";
		return [{ document: "fleet", path: ["devices", device, "publicKey"], message, remedy }];
	});
}

function tooMany({ devices, readers }: Roster): Problem[] {
	const count = [devices, readers]
		.flatMap(({ revoked }) => Object.values(revoked))
		.reduce((sum, it) => sum + it.length, 0);
	if (count <= MOST_REVOKED) return [];
	const message = `${count} keys of this fleet would be revoked, and the hub's accounts hold ${MOST_REVOKED}`;
	const remedy = "begin with new keys: docs/operations.md, Certificates and credentials";
	return [{ document: "fleet", path: ["groups"], message, remedy }];
}

function has(map: object, name: string): boolean {
	return Object.hasOwn(map, name);
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
	return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
