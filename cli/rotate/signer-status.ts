import { accountOf } from "../../components/identity/jwt";
import { publicKey } from "../../components/identity/nkey";
import { signersIn } from "../../components/identity/signers";
import type { SigningOutput } from "../../contract/outputs";
import { some } from "../../topology/format";
import type { Known } from "./status";

/** How far a rotation of the account's signing key is. */
export interface SignerStatus {
	readonly lines: readonly string[];
	/** Devices in service that did not come in last with credentials that the newest key signed. Nobody where the old have ended. */
	readonly waiting: readonly string[];
	/** Every node of the hub knows the newest key and no other. */
	readonly alone: boolean;
}

/** @param names of the devices in service */
export function signerStatus(
	{ deviceSigningSeed }: Pick<SigningOutput, "deviceSigningSeed">,
	names: readonly string[],
	{ held, logins, linked }: Known,
): SignerStatus {
	const newest = publicKey(deviceSigningSeed);
	const lists = held.map((jwt) => signersIn(accountOf(jwt).claims));
	const alone = lists.length > 0 && lists.every((list) => list.length === 1 && list[0] === newest);
	if (alone) return { lines: [], waiting: [], alone };
	if (!lists.every((list) => list.at(-1) === newest)) {
		const why = "the nodes of the hub do not all have the key of these outputs as the newest";
		return { lines: [`signing key: ${why}; npm run up, and write the outputs anew`], waiting: names, alone };
	}
	const last = new Map(logins.flatMap(({ name, issuer }) => (name === undefined ? [] : [[name, issuer] as const])));
	const waiting = names.filter((name) => last.get(name) !== newest);
	const there = waiting.filter((name) => linked.has(name));
	const away = waiting.filter((name) => !linked.has(name));
	const lines = [
		...(waiting.length === 0
			? ["signing key: every device came in with the newest; the next npm run up ends the old"]
			: []),
		...(there.length > 0
			? [`signing key: ${some(there)} connected with credentials of an older one: needs its new bundle`]
			: []),
		...(away.length > 0
			? [`signing key: ${some(away)} not seen with the newest, and away: the older stays valid for it`]
			: []),
	];
	return { lines, waiting, alone };
}
