import { isDeepStrictEqual } from "node:util";
import type { Account } from "@nats-io/jwt";
import { control } from "../../../control/control";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { requireConnection } from "../../streams/provider/read-connection";
import { ACCOUNTS, type AccountClaims, type AccountJwts, type AccountKey, accountJwts } from "../accounts";
import { accountOf, issuedAt } from "../jwt";
import type { AccountSeeds } from "../keys";
import { publicKey } from "../nkey";
import { heldAccounts, lookUpAccount, pushAccount } from "../push";
import { forEver, type RevokedUsers, revocationsOf, withRevocations } from "../revocations";

/** What the program asks for. */
export interface AccountsInputs {
	readonly connection: unknown;
	/** Of those who sign, and whose accounts are signed. */
	readonly keys: AccountSeeds;
	readonly claims: AccountClaims;
	/** Everybody who is revoked, for a hub that knows nobody; another list alone is no change. @default nobody */
	readonly revoked?: RevokedUsers;
	/** Servers of the hub; every one must take the accounts. */
	readonly servers: number;
	/** Another value pushes again, for a hub that was made anew. */
	readonly generation: string;
	readonly resourceUrn?: string;
}

/** And what the state holds besides. */
interface State extends Omit<AccountsInputs, "keys"> {
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
			isDeepStrictEqual(identities(was.keys), identities(wanted.keys));
		return { changes: !same };
	},

	async create(inputs) {
		return { id: "accounts", outs: await push(inputs as unknown as AccountsInputs) };
	},

	async read(id, props) {
		const was = props as unknown as State;
		const { issuedAt: _issuedAt, jwts: _jwts, ...inputs } = was;
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
	const { system, ready } = await control(requireConnection(inputs.connection));
	const { keys, servers, revoked } = inputs;
	const all = ACCOUNTS.map(async (account) => [account, await heldAccounts(system, publicKey(keys[account]), servers)]);
	const held: Readonly<Record<AccountKey, readonly string[]>> = Object.fromEntries(await Promise.all(all));
	const newest = Math.max(was?.issuedAt ?? 0, ...Object.values(held).flat().map(issuedAt));
	const issued = Math.max(Math.floor(Date.now() / 1000), newest + 1);
	const begins = was === undefined || was.generation !== inputs.generation;
	const kept = (account: AccountKey) => {
		const state = was?.jwts?.[account];
		const known = [...held[account], ...(state === undefined ? [] : [state])].map(revocationsOf);
		return withRevocations(inputs.claims[account], [
			...known,
			...(begins && revoked ? [forEver(revoked[account])] : []),
		]);
	};
	const jwts = accountJwts(keys, byAccount(kept), issued);
	for (const account of ACCOUNTS) await pushAccount(system, jwts[account], servers);
	// While a server takes over an account it may lose requests of it.
	await ready();
	return { ...inputs, issuedAt: issued, jwts };
}

function byAccount<T>(of: (account: AccountKey) => T): Record<AccountKey, T> {
	return { hub: of("hub"), readers: of("readers"), devices: of("devices"), admin: of("admin") };
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
