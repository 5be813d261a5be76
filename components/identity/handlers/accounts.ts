import { isDeepStrictEqual } from "node:util";
import type { Account } from "@nats-io/jwt";
import { requireConnection } from "../../streams/provider/connection";
import { control } from "../../streams/provider/control";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { type AccountClaims, type AccountJwts, accountJwts } from "../accounts";
import { accountOf, issuedAt } from "../jwt";
import type { Keys } from "../keys";
import { publicKey } from "../nkey";
import { heldAccounts, lookUpAccount, pushAccount } from "../push";
import { forEver, type RevokedUsers, revocationsOf, withRevocations } from "../revocations";

/** Seeds of those who sign, and whose accounts are signed. */
export type AccountKeys = Pick<Keys, "operator" | "devices" | "hub">;

/** What the program asks for. */
export interface AccountsInputs {
	readonly connection: unknown;
	readonly keys: AccountKeys;
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
interface State extends AccountsInputs {
	/** Seconds since 1970. */
	readonly issuedAt: number;
	readonly jwts: Partial<AccountJwts>;
}

/**
 * Keeps the accounts DEVICES and HUB of a hub's resolver as the program states them. Each push is newer than the last:
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
	const held = { devices: await heldBy("devices"), hub: await heldBy("hub") };
	const newest = Math.max(was?.issuedAt ?? 0, ...[...held.devices, ...held.hub].map(issuedAt));
	const issued = Math.max(Math.floor(Date.now() / 1000), newest + 1);
	const begins = was === undefined || was.generation !== inputs.generation;
	const kept = (account: keyof AccountJwts) => {
		const state = was?.jwts?.[account];
		const known = [...held[account], ...(state === undefined ? [] : [state])].map(revocationsOf);
		return withRevocations(inputs.claims[account], [
			...known,
			...(begins && revoked ? [forEver(revoked[account])] : []),
		]);
	};
	const jwts = accountJwts(keys, { devices: kept("devices"), hub: kept("hub") }, issued);
	// HUB last: the administrator waits for it, and it takes what DEVICES gives.
	for (const jwt of [jwts.devices, jwts.hub]) await pushAccount(system, jwt, servers);
	// While a server takes over an account it may lose requests of it.
	await ready();
	return { ...inputs, issuedAt: issued, jwts };

	function heldBy(account: keyof AccountJwts): Promise<readonly string[]> {
		return heldAccounts(system, publicKey(keys[account]), servers);
	}
}

async function lookUp({ connection, keys, servers }: AccountsInputs): Promise<Partial<AccountJwts>> {
	const { system } = await control(requireConnection(connection));
	const [devices, hub] = await Promise.all([
		lookUpAccount(system, publicKey(keys.devices), servers),
		lookUpAccount(system, publicKey(keys.hub), servers),
	]);
	return { ...(devices !== undefined && { devices }), ...(hub !== undefined && { hub }) };
}

/** Whether what is wanted is what is there, or that with more devices revoked. */
function sameClaims(are: AccountClaims, wanted: AccountClaims): boolean {
	return (["devices", "hub"] as const).every((account) => covers(are[account], wanted[account]));
}

/** Whether accounts that were found do all that those of the state do: others may have revoked more. */
function standsFor(found: Partial<AccountJwts>, state: Partial<AccountJwts>): boolean {
	return (["devices", "hub"] as const).every((account) => {
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

function identities(keys: AccountKeys): string[] {
	return [keys.operator, keys.devices, keys.hub].map(publicKey);
}
