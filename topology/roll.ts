/**
 * The keys of all users of one kind, over all fleet files that there were: what a name has, had, and may never have again.
 */

/** Generation of a derived key, from 1; or the public key (`U…`) of one that the device made itself. */
export type KeyRef = number | string;

/** All users of one kind. Both maps by name. */
export interface Roll {
	/** The keys in use. */
	readonly keys: Readonly<Record<string, KeyRef>>;
	/** The keys that a name has had; only ever added to. */
	readonly revoked: Readonly<Record<string, readonly KeyRef[]>>;
	/**
	 * Keys from before a rotation, oldest first. Each is valid until the hub has seen a later one of the same name, and
	 * is then revoked there for ever; it stays here. @default none
	 */
	readonly former?: Readonly<Record<string, readonly KeyRef[]>>;
	/**
	 * Of the revoked keys, those of names that left the file, oldest first: the hub may not have let go of the device yet, and
	 * revokes them when it has. A name that comes back has a new one, and these until it has used that. @default none
	 */
	readonly left?: Readonly<Record<string, readonly KeyRef[]>>;
	/** How often a name was rotated, where it was. @default 0 each */
	readonly rotations?: Readonly<Record<string, number>>;
}

/** What a fleet file says of one user. */
export interface Enrolled {
	/** Of a key that the device made itself. @default derived */
	readonly publicKey?: string;
	/** Its key is revoked. @default false */
	readonly lost?: boolean;
	/** How often it was given a new key. @default 0 */
	readonly rotation?: number;
}

/** What became of the names between two rosters, each sorted. */
export interface Turnover {
	/** Gone from the file: revoked. */
	readonly left: readonly string[];
	/** Were revoked, and are in service with a new key. */
	readonly returned: readonly string[];
	/** Have another key than before, which is revoked. */
	readonly rekeyed: readonly string[];
	/** Have another key than before, which stays valid until they have used the new one. */
	readonly rotated: readonly string[];
}

export const NO_ROLL: Roll = { keys: {}, revoked: {} };

/** What changed from one roll to the next. */
export function turnover(old: Roll, next: Roll): Turnover {
	const before = Object.keys(old.keys).sort();
	const now = Object.keys(next.keys).sort();
	const another = now.filter((name) => has(old.keys, name) && old.keys[name] !== next.keys[name]);
	const stays = (name: string) => refsOf(next.former, name).includes(old.keys[name] ?? 1);
	return {
		left: before.filter((name) => !has(next.keys, name)),
		returned: now.filter((name) => has(old.revoked, name) && !has(old.keys, name)),
		rekeyed: another.filter((name) => !stays(name)),
		rotated: another.filter(stays),
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

/** The roll that follows from an older one and what a fleet file says of each name. */
export function advanceRoll(old: Roll = NO_ROLL, wanted: Readonly<Record<string, Enrolled>>): Roll {
	const revoked = new Map(Object.entries(old.revoked));
	const former = new Map(Object.entries(old.former ?? {}));
	const left = new Map(Object.entries(old.left ?? {}));
	const add = (to: Map<string, readonly KeyRef[]>, name: string, key: KeyRef) => {
		const before = to.get(name) ?? [];
		if (!before.includes(key)) to.set(name, [...before, key]);
	};
	const keys = new Map<string, KeyRef>();
	const end = (name: string, leaves: boolean) => {
		for (const key of [...(former.get(name) ?? []), ...refsOf(old.keys, name)]) {
			add(revoked, name, key);
			if (leaves) add(left, name, key);
		}
		former.delete(name);
	};
	for (const name of Object.keys(old.keys)) {
		const now = has(wanted, name) ? wanted[name] : undefined;
		if (!now || now.lost) end(name, !now);
	}
	for (const [name, { publicKey, lost, rotation = 0 }] of Object.entries(wanted)) {
		if (lost) {
			left.delete(name);
			if (publicKey !== undefined) add(revoked, name, publicKey);
			else if (!revoked.has(name)) add(revoked, name, 1);
			continue;
		}
		const kept = has(old.keys, name) ? old.keys[name] : undefined;
		const rotates = kept !== undefined && rotation > rotationOf(old, name);
		const stays = publicKey === undefined && typeof kept === "number" && !rotates;
		const had = [...(revoked.get(name) ?? []), ...(former.get(name) ?? []), ...(kept === undefined ? [] : [kept])];
		const key = publicKey ?? (stays ? kept : nextGeneration(had));
		keys.set(name, key);
		if (kept !== undefined && kept !== key) add(rotates ? former : revoked, name, kept);
	}
	const rotations = Object.entries(wanted).flatMap(([name, { rotation = 0, lost }]): [string, number][] => {
		const all = Math.max(rotation, rotationOf(old, name));
		return all > 0 && !lost ? [[name, all]] : [];
	});
	return {
		keys: sorted(keys),
		revoked: sorted(revoked),
		...(former.size > 0 && { former: sorted(former) }),
		...(left.size > 0 && { left: sorted(left) }),
		...(rotations.length > 0 && { rotations: sorted(new Map(rotations)) }),
	};
}

function nextGeneration(had: readonly KeyRef[]): number {
	return 1 + Math.max(0, ...had.filter((key) => typeof key === "number"));
}

/** How often a name was rotated. @default 0 */
export function rotationOf({ rotations = {} }: Roll, name: string): number {
	return (has(rotations, name) ? rotations[name] : undefined) ?? 0;
}

function refsOf(map: Readonly<Record<string, KeyRef | readonly KeyRef[]>> = {}, name: string): readonly KeyRef[] {
	const refs = has(map, name) ? map[name] : undefined;
	if (refs === undefined) return [];
	return typeof refs === "object" ? refs : [refs];
}

function has(map: object, name: string): boolean {
	return Object.hasOwn(map, name);
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
	return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
