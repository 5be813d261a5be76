import { devicePublicKey } from "../../components/identity/credentials";
import { heldAccounts } from "../../components/identity/push";
import { revocationsOf } from "../../components/identity/revocations";
import { usedKeys } from "../../components/identity/used-keys";
import type { SigningOutput, StackOutputs } from "../../contract/outputs";
import type { Control } from "../../control/control";
import { some } from "../../topology/format";
import { secret, throughLeaf } from "../fleet/hub";
import { plural } from "../format";

/** Devices that were rotated, and how far each is. */
interface Rotated {
	/** Have used their newest key, and the hub revokes all before it. */
	readonly done: readonly string[];
	/** Have used it, and the next update revokes those before it. */
	readonly seen: readonly string[];
	/** Have not. */
	readonly waiting: readonly string[];
}

/**
 * Says who has not used its newest key.
 * @returns exit code: 0 nobody waits, 2 somebody does
 * @throws UserError when the outputs hold no credentials, or the hub does not answer
 */
export async function rotationStatus(
	{ leafline, access, signing }: StackOutputs,
	say: (line: string) => void,
): Promise<number> {
	const keys = secret(signing);
	const way = await throughLeaf({ leafline, access });
	try {
		const names = Object.entries(leafline.devices).flatMap(([name, { retired }]) => (retired === "lost" ? [] : [name]));
		const { done, seen, waiting } = await look(way, keys, names, leafline.hub.nodes);
		if (done.length + seen.length + waiting.length === 0) say("no device was rotated");
		if (done.length > 0) say(`${plural(done.length, "device")} done: the new key was used, the old ones are revoked`);
		if (seen.length > 0) say(`${some(seen)}: the new key was used; the next npm run up revokes the old ones`);
		if (waiting.length === 0) return 0;
		const linked = (await way.leaves()) ?? new Set<string>();
		const [there, away] = [waiting.filter((it) => linked.has(it)), waiting.filter((it) => !linked.has(it))];
		if (there.length > 0) {
			const remedy = "its server reads new ones when it connects anew, which install.sh of its bundle makes it do";
			say(`${some(there)}: connected with old credentials; ${remedy}`);
		}
		if (away.length > 0) say(`${some(away)}: away; comes in with the credentials that it has, old or new`);
		return 2;
	} finally {
		await way.close();
	}
}

async function look(way: Control, signing: SigningOutput, names: readonly string[], servers: number): Promise<Rotated> {
	const { generations = {}, devicesAccount } = signing;
	const rotated = names.filter((name) => (generations[name] ?? 1) > 1);
	const held = await heldAccounts(way.system, devicesAccount, servers);
	const revoked = new Set(held.flatMap((jwt) => Object.keys(revocationsOf(jwt))));
	await way.ready();
	const used = rotated.length > 0 ? await usedKeys(way.hub, devicesAccount) : new Set<string>();
	const keyOf = (name: string, generation: number) => {
		return devicePublicKey({ ...signing, generations: { [name]: generation } }, name);
	};
	const isDone = (name: string) => {
		const before = Array.from({ length: (generations[name] ?? 1) - 1 }, (_, i) => i + 1);
		return before.every((generation) => revoked.has(keyOf(name, generation)));
	};
	const isSeen = (name: string) => used.has(keyOf(name, generations[name] ?? 1));
	const open = rotated.filter((name) => !isDone(name));
	return {
		done: rotated.filter(isDone),
		seen: open.filter(isSeen),
		waiting: open.filter((name) => !isSeen(name)),
	};
}
