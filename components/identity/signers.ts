import { type SeenWith, type SignersState, signersState } from "../../topology/signing";
import { accountOf } from "./jwt";
import type { Login } from "./logins";
import { revocationsOf } from "./revocations";

/** What the program says of the account's signing keys, where they were ever replaced. */
export interface SignersInputs {
	/** Names of the devices in service. */
	readonly devices: readonly string[];
	/** Public keys of devices that left, by device: one that the hub did not let go comes in with them. @default none */
	readonly left?: Readonly<Record<string, readonly string[]>>;
	/** So many of the oldest keys end whoever was not seen with a later one. @default 0 */
	readonly end?: number;
}

/** What is remembered of them. */
export interface SignersMemory extends Partial<SignersState> {
	/** For longer than the journal holds. Absent when nobody is waited for. */
	readonly seen?: SeenWith;
}

/** Public keys of the account's signing keys, as its claims or its JWT list them. */
export function signersIn({ signing_keys = [] }: { readonly signing_keys?: readonly unknown[] }): string[] {
	return signing_keys.map((it) => (typeof it === "string" ? it : String((it as { key?: unknown }).key)));
}

/**
 * Keys that a server of the hub has let go of: it holds a later one and not this one. So a state that was lost, or is older
 * than the hub, brings none of them back.
 * @param keys oldest first
 * @param held the account's JWTs, as the servers hold them
 */
export function letGoOf(keys: readonly string[], held: readonly string[]): string[] {
	const lists = held.map((jwt) => signersIn(accountOf(jwt).claims));
	return keys.filter((key, i) => {
		return lists.some((list) => !list.includes(key) && keys.slice(i + 1).some((later) => list.includes(later)));
	});
}

/**
 * Which signing keys of the account end now.
 * @param keys oldest first, the one that signs now last
 * @param held the account's JWTs, as the servers hold them
 * @param was what is remembered; undefined for an account that this state has never pushed
 * @param readLogins who came in, oldest first; asked only where somebody can have
 */
export async function judgeSigners(
	keys: readonly string[],
	{ devices: inService, left = {}, end = 0 }: SignersInputs,
	held: readonly string[],
	was: SignersMemory | undefined,
	readLogins: () => Promise<readonly Login[]>,
): Promise<SignersMemory> {
	// Where nothing was ever pushed, nobody has credentials that an older key signed.
	if (was === undefined && held.length === 0) return { ended: keys.slice(0, -1) };
	const ended = new Set([...(was?.ended ?? []), ...letGoOf(keys, held)]);
	const known = new Set(held.flatMap((jwt) => signersIn(accountOf(jwt).claims)));
	const isUsable = keys.slice(1).some((key) => known.has(key));
	const seen: Record<string, number> = { ...was?.seen };
	if (isUsable && keys.slice(0, -1).some((key) => !ended.has(key))) {
		for (const { name = "", issuer = "" } of await readLogins()) {
			if (keys.includes(issuer)) seen[name] = keys.indexOf(issuer) + 1;
		}
	}
	const devices = [...new Set([...inService, ...openOf(left, held)])];
	const state = signersState(keys, devices, seen, ended, end);
	if (state.waiting.length === 0) return { ended: state.ended };
	const counted = devices.flatMap((name): [string, number][] =>
		Object.hasOwn(seen, name) ? [[name, seen[name] ?? 0]] : [],
	);
	return { ...state, seen: Object.fromEntries(counted.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Devices that left and that the hub did not let go yet: a key of theirs opens at some node. */
function openOf(left: Readonly<Record<string, readonly string[]>>, held: readonly string[]): string[] {
	const revoked = held.map((jwt) => revocationsOf(jwt));
	const isOpen = (key: string) => revoked.some((users) => !Object.hasOwn(users, key));
	return Object.keys(left).filter((device) => left[device]?.some(isOpen));
}
