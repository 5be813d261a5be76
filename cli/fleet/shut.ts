import { heldAccounts } from "../../components/identity/push";
import { revocationsOf } from "../../components/identity/revocations";
import type { Control } from "../../control/control";
import { askServers, leafzReply } from "../../jetstream/monitoring";
import { sleep } from "../../system/wait";

/** How long a node may need to close the link of a device after it knows that it is revoked. */
export const CLOSED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;
const ANSWER_MS = 2_000;

/** What the hub's nodes do about a user who was revoked. */
export interface Shut {
	/** Names of the devices that still have a link at some node. */
	readonly linked: readonly string[];
	/** Names of the devices whose key some node does not call revoked, or of which that cannot be known. */
	readonly open: readonly string[];
}

/**
 * Waits until every node of the hub revokes the keys and none has a link of the devices any more.
 * @param keys by device, its user's public key
 * @param account public key of DEVICES
 */
export async function awaitShut(
	way: Control,
	account: string,
	keys: ReadonlyMap<string, string>,
	servers: number,
): Promise<Shut> {
	const deadline = Date.now() + CLOSED_WITHIN_MS;
	for (;;) {
		const shut = await look(way, account, keys, servers);
		if ((shut.linked.length === 0 && shut.open.length === 0) || Date.now() >= deadline) return shut;
		await sleep(LOOK_EVERY_MS);
	}
}

async function look(way: Control, account: string, keys: ReadonlyMap<string, string>, servers: number): Promise<Shut> {
	const [held, linked] = await Promise.all([
		heldAccounts(way.system, account, servers, CLOSED_WITHIN_MS),
		linkedDevices(way),
	]);
	const revoked = held.map((jwt) => new Set(Object.keys(revocationsOf(jwt))));
	const isOpen = (key: string) => revoked.length === 0 || revoked.some((users) => !users.has(key));
	return {
		linked: [...keys.keys()].filter((device) => linked.has(device)),
		open: [...keys].filter(([, key]) => isOpen(key)).map(([device]) => device),
	};
}

/** Names of the leaves at every node that answers, asked now. */
export async function linkedDevices({ system }: Control): Promise<ReadonlySet<string>> {
	const replies = await askServers(system, "LEAFZ", leafzReply, ANSWER_MS);
	return new Set(replies.flatMap(({ data }) => (data.leafs ?? []).map(({ name }) => name)));
}
