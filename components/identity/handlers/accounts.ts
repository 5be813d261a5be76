import { isDeepStrictEqual } from "node:util";
import type { Account } from "@nats-io/jwt";
import { control } from "../../../control/control";
import { some } from "../../../topology/format";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { requireConnection } from "../../streams/provider/read-connection";
import { ACCOUNTS, type AccountClaims, type AccountJwts, type AccountKey, accountJwts } from "../accounts";
import { accountOf, issuedAt } from "../jwt";
import type { AccountSeeds } from "../keys";
import { type Login, logins } from "../logins";
import { publicKey } from "../nkey";
import { heldAccounts, lookUpAccount, pushAccount } from "../push";
import { forEver, type RevokedUsers, revocationsOf, withRevocations } from "../revocations";
import { judgeSigners, type SignersInputs, type SignersMemory, signersIn } from "../signers";

/** What the program asks for. */
export interface AccountsInputs {
	readonly connection: unknown;
	/** Of those who sign, and whose accounts are signed. */
	readonly keys: AccountSeeds;
	readonly claims: AccountClaims;
	/** Everybody who is revoked, for a hub that knows nobody; another list alone is no change. @default nobody */
	readonly revoked?: RevokedUsers;
	/** Where the signing key of DEVICES was ever replaced; other devices alone are no change. */
	readonly signers?: SignersInputs;
	/** Do not look again for devices that were not seen with the newest one, for drift checks. @default false */
	readonly ignorePending?: boolean;
	/** Servers of the hub; every one must take the accounts. */
	readonly servers: number;
	/** Another value pushes again, for a hub that was made anew. */
	readonly generation: string;
	readonly resourceUrn?: string;
}

/** And what the state holds besides. */
interface State extends Omit<AccountsInputs, "keys">, SignersMemory {
	/** Seconds since 1970. */
	readonly issuedAt: number;
	readonly jwts: Partial<AccountJwts>;
	/** A state that is older than some of the accounts lacks their seeds. */
	readonly keys: AccountSeeds | Pick<AccountSeeds, "operator" | "devices" | "hub">;
}

/**
 * Keeps the accounts of a hub's resolver as the program states them. Each push is newer than the last:
 * a server would take an older one as well, and with it back devices whose credentials were revoked. What a server of
 * the hub or the state knows to be revoked is pushed again with it, whoever revoked it.
 */
export const accounts: Handler = {
	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		const was = olds as unknown as State;
		const wanted = news as unknown as AccountsInputs;
		const same =
			sameClaims(was.claims, wanted.claims) &&
			isDeepStrictEqual(was.connection, wanted.connection) &&
			was.servers === wanted.servers &&
			was.generation === wanted.generation &&
			was.signers?.end === wanted.signers?.end &&
			(wanted.ignorePending === true || (was.waiting ?? []).length === 0) &&
			isDeepStrictEqual(identities(was.keys), identities(wanted.keys));
		return { changes: !same };
	},

	async create(inputs) {
		return { id: "accounts", outs: await push(inputs as unknown as AccountsInputs) };
	},

	async read(id, props) {
		const was = props as unknown as State;
		const { issuedAt: _issuedAt, jwts: _jwts, ended: _ended, waiting: _waiting, seen: _seen, ...inputs } = was;
		const found = await lookUp(was).catch((error: Error) => {
			reporter(was.resourceUrn).warn(`the accounts were not read back: ${error.message}`);
			return undefined;
		});
		if (!found || standsFor(found, was.jwts)) return { id, props, inputs: { ...inputs } };
		// Somebody else pushed, or a server lost them: no claims of ours hold, so that the next update pushes all, and with
		// it what the state knows to be revoked.
		return { id, props: { ...was, claims: {} }, inputs: { ...inputs, claims: {} } };
	},

	async update(_id, olds, news) {
		return { outs: await push(news as unknown as AccountsInputs, olds as unknown as State) };
	},

	// The accounts stay as long as the hub does: without them neither devices nor administrators could connect.
	async delete() {},
};

async function push(inputs: AccountsInputs, was?: State): Promise<Props> {
	const { system, hub, ready } = await control(requireConnection(inputs.connection));
	const { keys, servers, revoked } = inputs;
	const all = ACCOUNTS.map(async (account) => [account, await heldAccounts(system, publicKey(keys[account]), servers)]);
	const held: Readonly<Record<AccountKey, readonly string[]>> = Object.fromEntries(await Promise.all(all));
	const newest = Math.max(was?.issuedAt ?? 0, ...Object.values(held).flat().map(issuedAt));
	const issued = Math.max(Math.floor(Date.now() / 1000), newest + 1);
	const begins = was === undefined || was.generation !== inputs.generation;
	const memory = await signersMemory(inputs, held.devices, was, async () => {
		await ready();
		return logins(hub, publicKey(keys.devices));
	});
	const { devices, releases } = inputs.claims;
	const claims = {
		...inputs.claims,
		devices: withoutSigners(devices, memory.ended),
		releases: withoutSigners(releases, memory.ended),
	};
	const kept = (account: AccountKey) => {
		const state = was?.jwts?.[account];
		const known = [...held[account], ...(state === undefined ? [] : [state])].map(revocationsOf);
		return withRevocations(claims[account], [
			...known,
			// An account that came later than the revocations has never heard of them.
			...((begins || known.length === 0) && revoked ? [forEver(revoked[account])] : []),
		]);
	};
	const jwts = accountJwts(keys, byAccount(kept), issued);
	for (const account of ACCOUNTS) await pushAccount(system, jwts[account], servers);
	// While a server takes over an account it may lose requests of it.
	await ready();
	await tellWaiting(inputs, memory);
	return { ...inputs, issuedAt: issued, jwts, ...memory };
}

/** How far the signing keys of DEVICES are; nothing where there is only the first one. */
async function signersMemory(
	{ claims, signers }: AccountsInputs,
	held: readonly string[],
	was: State | undefined,
	readLogins: () => Promise<readonly Login[]>,
): Promise<SignersMemory> {
	const keys = signersIn(claims.devices);
	if (signers === undefined || keys.length < 2) return {};
	return judgeSigners(keys, signers, held, was, readLogins);
}

function withoutSigners(devices: AccountClaims["devices"], ended: readonly string[] = []): AccountClaims["devices"] {
	if (ended.length === 0) return devices;
	const { signing_keys = [] } = devices;
	return {
		...devices,
		signing_keys: signing_keys.filter((key) => !ended.includes(signersIn({ signing_keys: [key] })[0] ?? "")),
	};
}

async function tellWaiting({ resourceUrn }: AccountsInputs, { waiting = [] }: SignersMemory): Promise<void> {
	if (waiting.length === 0) return;
	const whose = `${waiting.length === 1 ? "has" : "have"} not connected with credentials that the new signing key signed yet`;
	const say = reporter(resourceUrn);
	say.warn(`${some(waiting)} ${whose}: the old key stays valid until then. leafline rotate says who, and what to do`);
	await say.flush();
}

function byAccount<T>(of: (account: AccountKey) => T): Record<AccountKey, T> {
	return Object.fromEntries(ACCOUNTS.map((account) => [account, of(account)])) as Record<AccountKey, T>;
}

async function lookUp({
	connection,
	keys,
	servers,
}: Pick<State, "connection" | "keys" | "servers">): Promise<Partial<AccountJwts>> {
	const { system } = await control(requireConnection(connection));
	const found = await Promise.all(
		known(keys).map(
			async ([account, seed]) => [account, await lookUpAccount(system, publicKey(seed), servers)] as const,
		),
	);
	return Object.fromEntries(found.filter(([, jwt]) => jwt !== undefined));
}

/** Whether what is wanted is what is there, or that with more devices revoked. */
function sameClaims(are: AccountClaims, wanted: AccountClaims): boolean {
	return ACCOUNTS.every((account) => covers(are[account], wanted[account]));
}

/** Whether accounts that were found do all that those of the state do: others may have revoked more. */
function standsFor(found: Partial<AccountJwts>, state: Partial<AccountJwts>): boolean {
	return ACCOUNTS.every((account) => {
		const [there, ours] = [found[account], state[account]];
		return there !== undefined && ours !== undefined && covers(accountOf(there).claims, accountOf(ours).claims);
	});
}

/** Whether an account says what another one says, and revokes at least what that one revokes. */
function covers(wide: Partial<Account> = {}, narrow: Partial<Account> = {}): boolean {
	const { revocations: all = {}, ...one } = wide;
	const { revocations: some = {}, ...other } = narrow;
	return isDeepStrictEqual(one, other) && Object.entries(some).every(([user, until]) => (all[user] ?? 0) >= until);
}

function known(keys: State["keys"]): [string, string][] {
	return ACCOUNTS.flatMap((account) => (account in keys ? [[account, (keys as AccountSeeds)[account]]] : []));
}

function identities(keys: State["keys"]): string[] {
	return [keys.operator, ...known(keys).map(([, seed]) => seed)].map(publicKey);
}
