import type { Problem } from "./model";
import { type Enrolled, NO_ROLL, type Roll, rotationOf } from "./roll";

/** Why who has which key must not become what a fleet file says. */

/**
 * Most keys that may be revoked in one fleet. Each takes 93.4 bytes of the account's JWT (measured: 935,509 bytes for
 * 10,000), which must fit into one message of 1 MiB (`max_payload`) with everything else that the account says.
 */
export const MOST_REVOKED = 10_000;

/** A number that went down would let the next rotation do nothing, and nobody would notice. */
export function turnedBack(devices: Readonly<Record<string, Enrolled>>, old: Roll = NO_ROLL): Problem[] {
	const back = Object.entries(devices).filter(([name, { rotation = 0, lost }]) => {
		return !lost && Object.hasOwn(old.keys, name) && rotation < rotationOf(old, name);
	});
	const [first] = back;
	if (first === undefined) return [];
	const [name, { rotation = 0 }] = first;
	const others = back.length > 1 ? `, and so are those of ${back.length - 1} more` : "";
	const message = `the rotations of ${name}, its own and the fleet's, are ${rotation}, and ${rotationOf(old, name)} were done already${others}`;
	return [
		{ document: "fleet", path: ["rotation"], message, remedy: "write the numbers that were there, or higher ones" },
	];
}

/** Keys that devices made themselves, and that were revoked before, or are as soon as a later one is used. */
export function revivedKeys(devices: Readonly<Record<string, Enrolled>>, { revoked, former = {} }: Roll): Problem[] {
	const ended = [...Object.entries(former), ...Object.entries(revoked)];
	const holders = new Map(ended.flatMap(([name, keys]) => keys.map((key) => [key, name] as const)));
	return Object.entries(devices).flatMap(([device, { publicKey, lost }]): Problem[] => {
		const holder = publicKey === undefined || lost ? undefined : holders.get(publicKey);
		if (holder === undefined) return [];
		const message = `${publicKey} is revoked for ever: ${holder} had it and was lost, left the fleet or got another key`;
		const remedy = "make a new key on the device and write its public key here";
		return [{ document: "fleet", path: ["devices", device, "publicKey"], message, remedy }];
	});
}

/** More than the accounts of a hub can say are revoked. */
export function tooMany(rolls: readonly Roll[]): Problem[] {
	const count = rolls
		.flatMap(({ revoked, former = {} }) => [...Object.values(revoked), ...Object.values(former)])
		.reduce((sum, it) => sum + it.length, 0);
	if (count <= MOST_REVOKED) return [];
	const message = `${count} keys of this fleet would be revoked, and the hub's accounts hold ${MOST_REVOKED}`;
	const remedy = "begin with new keys: docs/operations.md, Certificates and credentials";
	return [{ document: "fleet", path: ["groups"], message, remedy }];
}
