import { devicePublicKey } from "../../components/identity/credentials";
import { type Login, logins } from "../../components/identity/logins";
import { heldAccounts } from "../../components/identity/push";
import { revocationsOf } from "../../components/identity/revocations";
import type { SigningOutput, StackOutputs } from "../../contract/outputs";
import type { Control } from "../../control/control";
import { some } from "../../topology/format";
import { overlapOf } from "../../topology/overlap";
import { secret, throughLeaf } from "../fleet/hub";
import { plural } from "../format";
import { authorityStatus } from "./authority-status";
import { signerStatus } from "./signer-status";

/** Devices that were rotated, and how far each is. */
interface Rotated {
	/** Have used their newest key, and the hub revokes all before it. */
	readonly done: readonly string[];
	/** Have used it, and the next update revokes those before it. */
	readonly seen: readonly string[];
	/** Have not. */
	readonly waiting: readonly string[];
}

/** What the hub knows: the account DEVICES, as each server holds it, and who came in. */
export interface Known {
	readonly held: readonly string[];
	readonly logins: readonly Login[];
	/** Names of the leaves that are connected now. */
	readonly linked: ReadonlySet<string>;
}

/**
 * Says who has not used its newest key, or came in last with credentials that an older signing key signed.
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
		const names = inService(leafline.devices);
		const known = await askKnown(way, keys.devicesAccount, leafline.hub.nodes);
		const { done, seen, waiting } = judge(keys, names, known);
		const signer = signerStatus(keys, names, known);
		const authority = authorityStatus(leafline.ca, names, known);
		if (done.length + seen.length + waiting.length === 0 && signer.alone && authority.lines.length === 0)
			say("no device was rotated");
		if (done.length > 0) say(`${plural(done.length, "device")} done: the new key was used, the old ones are revoked`);
		if (seen.length > 0) say(`${some(seen)}: the new key was used; the next npm run up revokes the old ones`);
		sayWaiting(waiting, known.linked, say);
		for (const line of [...signer.lines, ...authority.lines]) say(line);
		return waiting.length + signer.waiting.length + authority.waiting.length === 0 ? 0 : 2;
	} finally {
		await way.close();
	}
}

/** Names of the devices whose credentials are to open. */
export function inService(devices: StackOutputs["leafline"]["devices"]): string[] {
	return Object.entries(devices).flatMap(([name, { retired }]) => (retired === "lost" ? [] : [name]));
}

/** @param account public key of DEVICES. @throws UserError when the hub does not answer */
export async function askKnown(way: Control, account: string, servers: number): Promise<Known> {
	const held = await heldAccounts(way.system, account, servers);
	await way.ready();
	return { held, logins: await logins(way.hub, account), linked: (await way.leaves()) ?? new Set() };
}

/** Of devices that have to connect anew, what makes each of them do so. */
export function sayWaiting(waiting: readonly string[], linked: ReadonlySet<string>, say: (line: string) => void): void {
	const [there, away] = [waiting.filter((it) => linked.has(it)), waiting.filter((it) => !linked.has(it))];
	if (there.length > 0) {
		const remedy = "its server reads new ones when it connects anew, which install.sh of its bundle makes it do";
		say(`${some(there)}: connected with old credentials; ${remedy}`);
	}
	if (away.length > 0) say(`${some(away)}: away; comes in with the credentials that it has, old or new`);
}

function judge(signing: SigningOutput, names: readonly string[], { held, logins }: Known): Rotated {
	const { generations = {} } = signing;
	const rotated = names.filter((name) => (generations[name] ?? 1) > 1);
	const revoked = new Set(held.flatMap((jwt) => Object.keys(revocationsOf(jwt))));
	const used = new Set(logins.map(({ user }) => user));
	const keyOf = (name: string, generation: number) => {
		return devicePublicKey({ ...signing, generations: { [name]: generation } }, name);
	};
	const overlaps = rotated.map((name) => {
		const keys = Array.from({ length: generations[name] ?? 1 }, (_, i) => keyOf(name, i + 1));
		return { name, ...overlapOf(keys, used, revoked) };
	});
	const open = overlaps.filter(({ done }) => !done);
	return {
		done: overlaps.filter(({ done }) => done).map(({ name }) => name),
		seen: open.filter(({ over }) => over).map(({ name }) => name),
		waiting: open.filter(({ over }) => !over).map(({ name }) => name),
	};
}
