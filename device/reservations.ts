import * as fs from "node:fs";
import { messageOf } from "../system/message";
import { isReadOnly, takesNothing, withBallast } from "./ballast";
import { replaceSynced } from "./disk";
import { ownFile } from "./own-file";
import { DeviceError, DiskError } from "./spec";

/** What is written down of a device's sequences, in its store: with the data or not at all. */
export interface Reservations {
	readonly version: 1;
	/** ISO 8601: since then, more may have happened in another copy of this store. Absent in what an older leafline has left. */
	readonly at?: string;
	/** Of this store since it was last opened or closed: what `device/this-boot.ts` knows it by. */
	readonly life?: string;
	/** Whose store this is. */
	readonly device: string;
	/** By stream. */
	readonly reserved: Readonly<Record<string, Mark>>;
	/**
	 * Nobody can say that no sequence is used twice: the gate has not moved everything on yet, or a stream was seen behind
	 * its mark. Whatever the server leaves then, the next start moves it on.
	 */
	readonly unproved?: true;
	/** By stream: its files when the server had ended and everything was on disk. Only between a clean end and the next start. */
	readonly sealed?: Readonly<Record<string, string>>;
	/** The last time that streams were moved. */
	readonly moved?: Moved;
}

export interface Mark {
	/** The stream has never used a sequence above this. */
	readonly sequence: number;
	/** leafline's nats-server moves the stream on to this when it starts, if it stands before it (`floor_of_device.go`). */
	readonly floor?: number;
	/** When it was made, as the server tells it: one of the same name that was made anew begins anew. */
	readonly created: string;
}

export interface Moved {
	/** ISO 8601. */
	readonly at: string;
	/** By stream: last sequence that it came back with, and where it went on. */
	readonly streams: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
}

export function reservationsFile(storeDir: string): string {
	return ownFile(storeDir, "reserved.json");
}

/**
 * @returns undefined when nothing was ever written down
 * @throws DeviceError when what is there cannot be trusted: nobody can say then which sequences were used
 */
export function readReservations(storeDir: string, device: string): Reservations | undefined {
	const file = reservationsFile(storeDir);
	let text: string;
	try {
		text = fs.readFileSync(file, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw new DeviceError(`${file} cannot be read: ${messageOf(error)}; ${REMEDY}`);
	}
	const found = parse(text);
	if (!found) {
		const what = text.trim() === "" ? "is empty" : "is damaged";
		throw new DeviceError(`${file} ${what}, so nobody knows which sequences of ${device} were used; ${REMEDY}`);
	}
	if (found.device !== device) {
		throw new DeviceError(`${file} is of device ${found.device}, not of ${device}: this store is another's; ${REMEDY}`);
	}
	return found;
}

const REMEDY =
	"take the store away to begin anew, or, if its messages are to be kept, this file alone: every stream then goes on a block further";

/**
 * @param writer `keep` runs while `gate` or `seal` may, and these two never at the same time
 * @throws DeviceError when it is not on disk afterwards
 */
export function writeReservations(
	storeDir: string,
	reservations: Reservations,
	writer: "gate" | "keep" | "seal",
): void {
	try {
		const text = `${JSON.stringify(reservations, null, "\t")}\n`;
		withBallast(storeDir, () => replaceSynced(reservationsFile(storeDir), text, writer));
	} catch (error) {
		const what = `${reservationsFile(storeDir)} cannot be written: ${messageOf(error)}`;
		if (!takesNothing(error)) throw new DeviceError(`${what}; ${OWN_FOLDER}`);
		throw new DiskError(`${what}; ${isReadOnly(error) ? "mount its disk read-write" : "make room there"}`);
	}
}

const OWN_FOLDER = "that folder must belong to the account that the server runs as, on a disk that is sound";

function parse(text: string): Reservations | undefined {
	try {
		const value = JSON.parse(text) as Reservations;
		const marks = Object.values(value.reserved);
		const whole = value.version === 1 && typeof value.device === "string";
		const sound = ({ sequence, floor = 0, created }: Mark) =>
			[sequence, floor].every(Number.isSafeInteger) && typeof created === "string";
		return whole && marks.every(sound) ? value : undefined;
	} catch {
		return undefined;
	}
}
