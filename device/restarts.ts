import * as fs from "node:fs";
import { messageOf } from "../system/message";
import type { Restarts } from "../topology/disk-room";
import { replaceSynced } from "./disk";
import { ownFile } from "./own-file";
import { DeviceError } from "./spec";

/**
 * When a server was last restarted because it could not write. In its store, for a program that is started anew must
 * know it too; and written before each restart, so that none is without.
 */
export class RestartRecord {
	private readonly file: string;
	private known: Restarts | undefined;

	constructor(storeDir: string) {
		this.file = ownFile(storeDir, "restarts.json");
	}

	/** What cannot be read counts as one restart, now: a pause is the worst that comes of it. */
	read(now: number): Restarts {
		this.known ??= this.readFile() ?? { tries: 1, at: now };
		return this.known;
	}

	/** @throws DeviceError when it is not on disk afterwards */
	write(restarts: Restarts): void {
		try {
			replaceSynced(this.file, `${JSON.stringify(restarts)}\n`, "keep");
		} catch (error) {
			throw new DeviceError(`${this.file} cannot be written: ${messageOf(error)}`);
		}
		this.known = restarts;
	}

	private readFile(): Restarts | undefined {
		if (!fs.existsSync(this.file)) return { tries: 0, at: 0 };
		try {
			const { tries, at } = JSON.parse(fs.readFileSync(this.file, "utf8")) as Restarts;
			return Number.isSafeInteger(tries) && tries >= 0 && Number.isSafeInteger(at) ? { tries, at } : undefined;
		} catch {
			return undefined;
		}
	}
}
