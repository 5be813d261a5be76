import * as fs from "node:fs";
import * as path from "node:path";
import type { NatsConnection } from "nats";
import { nudgeSubject } from "../../topology/rollout/names";
import { linkIsUp } from "../health";
import { findServer } from "../server-process";
import type { KeptDevice } from "../spec";
import { Pulled } from "./places";

const LOOK_EVERY_MS = 15_000;
/** A fleet whose hub was away does not come back to it in one moment. */
const SPREAD_MS = 30_000;
/** What the hub says is said once, and may be lost. */
const ANYHOW_MS = 3_600_000;

/**
 * Has the hub be asked what this device is to run, by a file on which systemd starts what asks: when the hub says that there
 * is something new, and when the link has come up, for what was said meanwhile. It asks nothing itself.
 */
export class Asker {
	private readonly pulled: Pulled;
	private readonly portsDir: string;
	private lookedAt = Number.NEGATIVE_INFINITY;
	private linked = false;
	private askedAt = Number.NEGATIVE_INFINITY;

	/** @param dir folder that the paths in the spec are relative to */
	constructor(
		dir: string,
		private readonly device: KeptDevice,
		private readonly now = () => performance.now(),
	) {
		const own = path.resolve(dir, device.dir);
		this.pulled = new Pulled(path.resolve(own, device.spec.storeDir));
		this.portsDir = path.resolve(own, device.portsDir ?? ".");
	}

	listen(connection: NatsConnection): void {
		connection.subscribe(nudgeSubject(this.device.spec.device), { callback: () => this.ask() });
	}

	/** Never throws: a server that does not answer has no link. */
	async look(): Promise<void> {
		if (this.now() - this.lookedAt < LOOK_EVERY_MS) return;
		this.lookedAt = this.now();
		const server = findServer(this.portsDir, this.device.url);
		const linked = server !== undefined && (await linkIsUp(server.monitor).catch(() => false));
		const due = !this.linked || this.now() - this.askedAt >= ANYHOW_MS;
		if (linked && due) this.askedAt = this.now();
		if (linked && due) setTimeout(() => this.ask(), Math.random() * SPREAD_MS).unref();
		this.linked = linked;
	}

	private ask(): void {
		this.askedAt = this.now();
		try {
			fs.mkdirSync(this.pulled.folder, { recursive: true, mode: 0o700 });
			fs.writeFileSync(this.pulled.ask, "");
		} catch {
			// Of a disk that takes nothing `keep` tells elsewhere.
		}
	}
}
