import * as fs from "node:fs";
import * as path from "node:path";
import { INSTALLED } from "../../render/bundle/layout";
import { type Outcome, readOutcome, readTrial, type Trial } from "../../render/bundle/switch/states";
import { PULLED } from "../../render/bundle/switch/units";
import { ownFile } from "../own-file";

/** What the newest order was, whatever came of it. */
export const SEEN = "order";

/** Where on a device the releases are, and what is known of them. */
export class Installed {
	/** @param base `/opt/leafline` */
	constructor(readonly base: string) {}

	/** Folder in `releases` of the one in force; undefined where none is installed. */
	inForce(): string | undefined {
		return this.linked("current");
	}

	/** Of the one before, which is still there. */
	previous(): string | undefined {
		return this.linked("previous");
	}

	/** The one that is on trial. */
	trial(): Trial | undefined {
		return readTrial(this.text(path.basename(INSTALLED.trial)));
	}

	/** What became of the newest order that was taken. */
	outcome(): Outcome | undefined {
		return readOutcome(this.text(path.basename(INSTALLED.outcome)));
	}

	/** Number of the newest order that was taken; 0 before the first. */
	newestOrder(): number {
		return Math.max(Number(this.text(SEEN) || 0), this.outcome()?.order ?? 0);
	}

	folder(id: string): string {
		return path.join(this.base, "releases", id);
	}

	/** Empty where there is no such file. */
	text(name: string): string {
		try {
			return fs.readFileSync(path.join(this.base, name), "utf8").trim();
		} catch {
			return "";
		}
	}

	private linked(name: string): string | undefined {
		try {
			return path.basename(fs.readlinkSync(path.join(this.base, name)));
		} catch {
			return undefined;
		}
	}
}

/** What lies in the store of what was pulled. */
export class Pulled {
	readonly folder: string;

	constructor(storeDir: string) {
		this.folder = ownFile(storeDir, PULLED.folder);
	}

	/** The order, as it lies under `want.<device>`. */
	get want(): string {
		return path.join(this.folder, PULLED.want);
	}

	get manifest(): string {
		return path.join(this.folder, PULLED.manifest);
	}

	/** Everything is there, for whoever may install it. */
	get ready(): string {
		return path.join(this.folder, PULLED.ready);
	}

	/** Somebody is to ask the hub what is wanted. */
	get ask(): string {
		return path.join(this.folder, PULLED.ask);
	}

	/** A whole file, by its SHA-256. */
	part(sha256: string): string {
		return path.join(this.folder, PULLED.parts, sha256);
	}

	/** What is there of it so far. */
	partial(sha256: string): string {
		return `${this.part(sha256)}.partial`;
	}
}
