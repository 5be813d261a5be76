import { isDeepStrictEqual } from "node:util";
import { control } from "../../../control/control";
import { some } from "../../../topology/format";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { requireConnection } from "../../streams/provider/read-connection";
import { accountOf, encodeAccount, issuedAt } from "../jwt";
import { publicKey } from "../nkey";
import { heldAccounts, pushAccount } from "../push";
import { allOf, forEver, type Revocations, revocationsOf, withRevocations } from "../revocations";
import { keptKeys, rotation } from "./open-keys";

/** What the program asks for. */
export interface RevocationsInputs {
	readonly connection: unknown;
	/** Seed of the operator, who signs the accounts. */
	readonly operator: string;
	/** Public keys of the users that each account must revoke, by its public key. */
	readonly revoked: Readonly<Record<string, readonly string[]>>;
	/**
	 * Keys of devices that were rotated, oldest first and the newest last, by device: each but the last is revoked when
	 * the hub has seen a later one. @default none
	 */
	readonly rotated?: Readonly<Record<string, readonly string[]>>;
	/** Of `revoked`, keys of devices that left the fleet, by device. @default none */
	readonly left?: Readonly<Record<string, readonly string[]>>;
	/**
	 * Devices that the hub did not let go, by name, and why: what they hold has still to come, so their keys are not revoked.
	 * @default none
	 */
	readonly held?: Readonly<Record<string, string>>;
	/** Public key of the account that those are of. */
	readonly devicesAccount?: string;
	/** Public key of the account in which devices show the same keys besides. @default none */
	readonly releasesAccount?: string;
	/** Do not look again for keys that were not seen yet, for drift checks. @default false */
	readonly ignorePending?: boolean;
	/** Servers of the hub; every one must take the accounts. */
	readonly servers: number;
	/** Another value looks again, at a hub that was made anew. */
	readonly generation: string;
	readonly resourceUrn?: string;
}

/** And what the state holds besides. */
interface State extends RevocationsInputs {
	/** What the hub revokes by account, and nobody here asked for; kept as well. */
	readonly found: Readonly<Record<string, Revocations>>;
	/** Devices whose old key is still valid, sorted, for they have not used a later one. @default none */
	readonly waiting?: readonly string[];
	/** Keys that are to be revoked and are not yet, sorted; `revoked` is without them. @default none */
	readonly kept?: readonly string[];
}

/**
 * Keeps everybody who was revoked revoked, once the streams have let go of those who left. It only ever adds to the
 * accounts that the hub holds.
 */
export const revocations: Handler = {
	async diff(_id, olds, news) {
		// A preview cannot know who will be held back, and expects nobody.
		const { held: _held, ...known } = news;
		if (JSON.stringify(known).includes(UNKNOWN)) return { changes: true };
		const was = olds as unknown as State;
		const open = (was.waiting?.length ?? 0) + (was.kept?.length ?? 0);
		if (open > 0 && news.ignorePending !== true) return { changes: true };
		if (!isDeepStrictEqual(asked(was), news.revoked)) return { changes: true };
		const fields = ["connection", "servers", "generation"] as const;
		// A state that is older than rotations has none.
		if (!isDeepStrictEqual(olds.rotated ?? {}, news.rotated ?? {})) return { changes: true };
		const otherOperator = publicKey(String(olds.operator)) !== publicKey(String(news.operator));
		return { changes: otherOperator || fields.some((field) => !isDeepStrictEqual(olds[field], news[field])) };
	},

	async create(inputs) {
		return { id: "revocations", outs: await revoke(inputs as unknown as RevocationsInputs, {}) };
	},

	async read(id, props) {
		const was = props as unknown as State;
		const { found: _found, waiting: _waiting, kept: _kept, ...inputs } = was;
		const held = await heldBy(was).catch((error: Error) => {
			reporter(was.resourceUrn).warn(`what the hub revokes was not read back: ${error.message}`);
			return undefined;
		});
		if (!held) return { id, props, inputs: { ...inputs } };
		const found = byAccount(was, (account) => {
			return others(was, account, allOf([...(held[account] ?? []).map(revocationsOf), was.found?.[account] ?? {}]));
		});
		// What the hub does not revoke, the state must not claim: the next update revokes it again.
		const revoked = byAccount(was, (account) => {
			const servers = (held[account] ?? []).map(revocationsOf);
			const isHeld = (user: string) => servers.length > 0 && servers.every((part) => Object.hasOwn(part, user));
			return Object.keys(was.found?.[account] ?? {}).every(isHeld) ? (was.revoked[account] ?? []).filter(isHeld) : [];
		});
		return { id, props: { ...was, revoked, found }, inputs: { ...inputs, revoked } };
	},

	async update(_id, olds, news) {
		return { outs: await revoke(news as unknown as RevocationsInputs, (olds as unknown as State).found ?? {}) };
	},

	async delete() {},
};

/** Revokes at the hub what it does not revoke yet. @param before what was found before */
async function revoke(inputs: RevocationsInputs, before: State["found"]): Promise<Props> {
	const { system, ready } = await control(requireConnection(inputs.connection));
	const held = await heldBy(inputs);
	const found: Record<string, Revocations> = {};
	const { replaced, waiting } = await rotation(inputs, held);
	let pushed = false;
	const kept = keptKeys(inputs, held, replaced);
	const revoked = byAccount(inputs, (account) => {
		const users = inputs.revoked[account] ?? [];
		return ofDevices(inputs).includes(account) ? users.filter((user) => !kept.has(user)) : users;
	});
	for (const [account, users] of Object.entries(revoked)) {
		const jwts = held[account] ?? [];
		const [newest] = [...jwts].sort((a, b) => issuedAt(b) - issuedAt(a));
		const ended = ofDevices(inputs).includes(account) ? replaced : [];
		const all = allOf([...jwts.map(revocationsOf), before[account] ?? {}, forEver(users), forEver(ended)]);
		found[account] = others(inputs, account, all);
		// Who has no account yet lets nobody in.
		if (newest === undefined || jwts.every((jwt) => isDeepStrictEqual(allOf([revocationsOf(jwt)]), all))) continue;
		const { name, claims } = accountOf(newest);
		const time = Math.max(Math.floor(Date.now() / 1000), issuedAt(newest) + 1);
		const token = { name, subject: account, claims: withRevocations(claims, [all]) };
		await pushAccount(system, encodeAccount(token, { seed: inputs.operator, issuedAt: time }), inputs.servers);
		pushed = true;
	}
	if (pushed) await ready();
	if (waiting.length > 0) {
		const whose = `${waiting.length === 1 ? "has" : "have"} not connected with the new credentials yet`;
		const text = `${some(waiting)} ${whose}: the old ones stay valid until then. leafline rotate says who, and what to do`;
		const say = reporter(inputs.resourceUrn);
		say.warn(text);
		await say.flush();
	}
	const { held: _, ...known } = inputs;
	const open = { ...(waiting.length > 0 && { waiting }), ...(kept.size > 0 && { kept: [...kept].sort() }) };
	return { ...known, revoked, found, ...open };
}

/** Accounts in which devices have the same keys. */
function ofDevices({ devicesAccount, releasesAccount }: RevocationsInputs): readonly (string | undefined)[] {
	return [devicesAccount, releasesAccount];
}

/** What was asked for, with what could not be done. */
function asked(was: State): RevocationsInputs["revoked"] {
	const { revoked, kept = [] } = was;
	if (kept.length === 0) return revoked;
	const all = (account: string, users: readonly string[]) =>
		ofDevices(was).includes(account) ? [...users, ...kept].sort() : users;
	return Object.fromEntries(Object.entries(revoked).map(([account, users]) => [account, all(account, users)]));
}

/** What each account is at the servers of the hub. */
async function heldBy({ connection, revoked, servers }: RevocationsInputs): Promise<Record<string, readonly string[]>> {
	const { system } = await control(requireConnection(connection));
	const all = Object.keys(revoked).map(async (account) => [account, await heldAccounts(system, account, servers)]);
	return Object.fromEntries(await Promise.all(all));
}

function byAccount<T>({ revoked }: RevocationsInputs, of: (account: string) => T): Record<string, T> {
	return Object.fromEntries(Object.keys(revoked).map((account) => [account, of(account)]));
}

/** Of what is revoked, what nobody here asked for. */
function others({ revoked }: RevocationsInputs, account: string, all: Revocations): Revocations {
	const ours = new Set(revoked[account]);
	return Object.fromEntries(Object.entries(all).filter(([user]) => !ours.has(user)));
}
