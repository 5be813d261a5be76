import { isDeepStrictEqual } from "node:util";
import { control } from "../../../control/control";
import { some } from "../../../topology/format";
import { overlapOf } from "../../../topology/overlap";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { requireConnection } from "../../streams/provider/read-connection";
import { accountOf, encodeAccount, issuedAt } from "../jwt";
import { usedKeys } from "../logins";
import { publicKey } from "../nkey";
import { heldAccounts, pushAccount } from "../push";
import { allOf, forEver, type Revocations, revocationsOf, withRevocations } from "../revocations";

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
}

/**
 * Keeps everybody who was revoked revoked, once the streams have let go of those who left. It only ever adds to the
 * accounts that the hub holds.
 */
export const revocations: Handler = {
	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		if (((olds.waiting as string[] | undefined)?.length ?? 0) > 0 && news.ignorePending !== true)
			return { changes: true };
		const fields = ["connection", "revoked", "servers", "generation"] as const;
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
		const { found: _found, waiting: _waiting, ...inputs } = was;
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

/** Revokes at the hub what it does not revoke yet. @param known what was found before */
async function revoke(inputs: RevocationsInputs, known: State["found"]): Promise<Props> {
	const { system, ready } = await control(requireConnection(inputs.connection));
	const held = await heldBy(inputs);
	const found: Record<string, Revocations> = {};
	const { replaced, waiting } = await rotation(inputs, held);
	let pushed = false;
	for (const [account, users] of Object.entries(inputs.revoked)) {
		const jwts = held[account] ?? [];
		const [newest] = [...jwts].sort((a, b) => issuedAt(b) - issuedAt(a));
		const ended = [inputs.devicesAccount, inputs.releasesAccount].includes(account) ? replaced : [];
		const all = allOf([...jwts.map(revocationsOf), known[account] ?? {}, forEver(users), forEver(ended)]);
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
	return { ...inputs, found, ...(waiting.length > 0 && { waiting }) };
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Which keys of before a rotation may go: those of devices that were seen with a later one. A device that was away all the
 * time comes back with what it has, however long that takes.
 */
async function rotation(
	{ connection, rotated = {}, devicesAccount = "" }: RevocationsInputs,
	held: Readonly<Record<string, readonly string[]>>,
): Promise<{ readonly replaced: readonly string[]; readonly waiting: readonly string[] }> {
	const revoked = new Set((held[devicesAccount] ?? []).flatMap((jwt) => Object.keys(revocationsOf(jwt))));
	const open = Object.entries(rotated).filter(([, keys]) => !overlapOf(keys, NOBODY, revoked).done);
	if (open.length === 0) return { replaced: [], waiting: [] };
	const { hub, ready } = await control(requireConnection(connection));
	await ready();
	const used = await usedKeys(hub, devicesAccount);
	const overlaps = open.map(([device, keys]) => ({ device, ...overlapOf(keys, used, revoked) }));
	const waiting = overlaps.filter(({ over }) => !over).map(({ device }) => device);
	return { replaced: overlaps.flatMap(({ replaced }) => replaced), waiting: waiting.sort() };
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
