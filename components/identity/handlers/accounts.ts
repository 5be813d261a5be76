import { isDeepStrictEqual } from "node:util";
import { requireConnection } from "../../streams/provider/connection";
import { control } from "../../streams/provider/control";
import { reporter } from "../../streams/provider/engine";
import { type Handler, type Props, UNKNOWN } from "../../streams/provider/handler";
import { type AccountClaims, type AccountJwts, accountJwts } from "../accounts";
import { issuedAt } from "../jwt";
import type { Keys } from "../keys";
import { publicKey } from "../nkey";
import { lookUpAccount, pushAccount } from "../push";

/** Seeds of those who sign, and whose accounts are signed. */
export type AccountKeys = Pick<Keys, "operator" | "devices" | "hub">;

/** What the program asks for. */
export interface AccountsInputs {
	readonly connection: unknown;
	readonly keys: AccountKeys;
	readonly claims: AccountClaims;
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
 * a server would take an older one as well, and with it back devices whose credentials were revoked.
 */
export const accounts: Handler = {
	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		const was = olds as unknown as State;
		const wanted = news as unknown as AccountsInputs;
		const same =
			isDeepStrictEqual(was.claims, wanted.claims) &&
			isDeepStrictEqual(was.connection, wanted.connection) &&
			was.servers === wanted.servers &&
			was.generation === wanted.generation &&
			isDeepStrictEqual(identities(was.keys), identities(wanted.keys));
		return { changes: !same };
	},

	async create(inputs) {
		return { id: "accounts", outs: await push(inputs as unknown as AccountsInputs, 0) };
	},

	async read(id, props) {
		const was = props as unknown as State;
		const { issuedAt: _issuedAt, jwts: _jwts, ...inputs } = was;
		const found = await lookUp(was).catch((error: Error) => {
			reporter(was.resourceUrn).warn(`the accounts were not read back: ${error.message}`);
			return undefined;
		});
		if (!found || isDeepStrictEqual(found, was.jwts)) return { id, props, inputs: { ...inputs } };
		// Somebody else pushed, or a server lost them: no claims of ours hold, so that the next update pushes all.
		return { id, props: { ...was, claims: {}, jwts: found }, inputs: { ...inputs, claims: {} } };
	},

	async update(_id, olds, news) {
		return { outs: await push(news as unknown as AccountsInputs, (olds as unknown as State).issuedAt ?? 0) };
	},

	// The accounts stay as long as the hub does: without them neither devices nor administrators could connect.
	async delete() {},
};

async function push(inputs: AccountsInputs, last: number): Promise<Props> {
	const { system, ready } = await control(requireConnection(inputs.connection));
	const held = await lookUp(inputs).catch(() => ({}));
	const newest = Math.max(last, ...Object.values(held).map((jwt) => (jwt === undefined ? 0 : issuedAt(jwt))));
	const issued = Math.max(Math.floor(Date.now() / 1000), newest + 1);
	const jwts = accountJwts(inputs.keys, inputs.claims, issued);
	// HUB last: the administrator waits for it, and it takes what DEVICES gives.
	for (const jwt of [jwts.devices, jwts.hub]) await pushAccount(system, jwt, inputs.servers);
	// While a server takes over an account it may lose requests of it.
	await ready();
	return { ...inputs, issuedAt: issued, jwts };
}

async function lookUp({ connection, keys, servers }: AccountsInputs): Promise<Partial<AccountJwts>> {
	const { system } = await control(requireConnection(connection));
	const [devices, hub] = await Promise.all([
		lookUpAccount(system, publicKey(keys.devices), servers),
		lookUpAccount(system, publicKey(keys.hub), servers),
	]);
	return { ...(devices !== undefined && { devices }), ...(hub !== undefined && { hub }) };
}

function identities(keys: AccountKeys): string[] {
	return [keys.operator, keys.devices, keys.hub].map(publicKey);
}
