import * as fs from "node:fs";
import { replaceSynced } from "../disk";

const MOST = 1_000;

/**
 * Names of clients that have asked for a session that outlives their connection. A client whose session is not there any
 * more throws away what was not acknowledged (MQTT 5, 3.2.2.1.1), and one that never had any must not be told that it has;
 * so the names are in a file. There is nothing else to a session here: nobody subscribes.
 */
export class Sessions {
	private readonly names: Set<string>;

	/** @param file that is written anew with each change */
	constructor(private readonly file: string) {
		this.names = new Set(read(file));
	}

	/**
	 * A client connects.
	 * @param clean it wants to know nothing of what was before
	 * @param lasting its session outlives the connection
	 * @returns whether there is one already
	 */
	open(name: string, { clean, lasting }: { readonly clean: boolean; readonly lasting: boolean }): boolean {
		const present = !clean && this.names.has(name);
		if (lasting !== this.names.has(name)) {
			if (lasting) this.names.add(name);
			else this.names.delete(name);
			const [oldest = ""] = this.names;
			if (this.names.size > MOST) this.names.delete(oldest);
			replaceSynced(this.file, JSON.stringify([...this.names]), "mqtt");
		}
		return present;
	}
}

/** What cannot be read is nobody's session: clients begin anew. */
function read(file: string): string[] {
	try {
		const names: unknown = JSON.parse(fs.readFileSync(file, "utf8"));
		return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
	} catch {
		return [];
	}
}
