import type { Fleet } from "../config/model";
import type { Problem } from "./model";
import { advanceRoll, type Enrolled, type Roll } from "./roll";
import { revivedKeys, tooMany, turnedBack } from "./roll-checks";
import { advanceSigning, type Signing, signingOf } from "./signing";

/**
 * Who has which key, and which keys are revoked for ever. A device's key is derived from the fleet's secret, its name
 * and a generation, so a name whose key was revoked gets the next generation: what was revoked once never opens again,
 * whatever becomes of the fleet file.
 */

export interface Roster {
	readonly devices: Roll;
	readonly readers: Roll;
	/** Of the account's signing key. @default never replaced */
	readonly signing?: Signing;
}

/** What a roster is made from. */
export interface Enrolment {
	readonly devices: Readonly<Record<string, Enrolled>>;
	readonly readers: Readonly<Record<string, Enrolled>>;
	readonly signing?: Signing;
}

type Enrollable = Pick<Fleet, "devices" | "consumers" | "signingKey">;

/** What the roster needs to know of a fleet. */
export function enrolment(fleet: Enrollable): Enrolment {
	const { devices, consumers } = fleet;
	const enrolled = Object.values(devices).map(({ name, publicKey, retired, rotation }): [string, Enrolled] => {
		const lost = retired === "lost";
		return [
			name,
			{ ...(publicKey !== undefined && { publicKey }), ...(lost && { lost }), ...(rotation && { rotation }) },
		];
	});
	const readers = Object.keys(consumers).map((name): [string, Enrolled] => [name, {}]);
	const signing = signingOf(fleet);
	return { devices: Object.fromEntries(enrolled), readers: Object.fromEntries(readers), ...(signing && { signing }) };
}

/**
 * The roster that follows from an older one and a fleet.
 * @param old of the last update. @default none: a fleet that begins, whose lost devices are revoked
 * @returns it, and why it must not be
 */
export function advance(
	{ devices, readers, signing: wanted }: Enrolment,
	old: Partial<Roster> = {},
): { roster: Roster; problems: Problem[] } {
	const { signing, problems: signs } = advanceSigning(wanted, old.signing);
	const roster = {
		devices: advanceRoll(old.devices, devices),
		readers: advanceRoll(old.readers, readers),
		...(signing && { signing }),
	};
	const rolls = [
		...revivedKeys(devices, roster.devices),
		...turnedBack(devices, old.devices),
		...tooMany([roster.devices, roster.readers]),
	];
	return { roster, problems: [...rolls, ...signs] };
}

/** The roster of a fleet that begins. */
export function firstRoster(fleet: Enrollable): Roster {
	return advance(enrolment(fleet)).roster;
}
