import * as path from "node:path";
import { isRunning } from "../system/process";
import { type DiskRoom, isFull } from "../topology/disk-room";
import { formatBytes, formatDuration } from "../topology/format";
import { HUNG_MS } from "../topology/watchdog";
import { hubFaults } from "./health";
import { runRestart } from "./restart-command";
import { processIn } from "./server-process";
import { Silence } from "./silence";
import type { WatchedHub } from "./spec";
import { ServerWatch } from "./watch";

/**
 * Looks after a server of the hub on this machine, as `render/node/watch.ts` has each node on AWS do, by the same rule, and
 * ends one that hangs, as `DeviceWatch` does.
 * Sequences of a hub's server need no gate: what it uses them for is behind what it may have used (`leafline.reserve`).
 */
export class HubWatch extends ServerWatch<WatchedHub> {
	private readonly dir: string;

	/** @param dir folder that the paths in the spec are relative to */
	constructor(
		dir: string,
		name: string,
		private readonly hub: WatchedHub,
		say: (line: string) => void,
		private readonly silence = new Silence(),
	) {
		const own = path.resolve(dir, hub.dir);
		super(name, path.resolve(own, hub.storeDir), say);
		this.dir = own;
	}

	isFor(hub: WatchedHub): boolean {
		return JSON.stringify(hub) === JSON.stringify(this.hub);
	}

	protected server(): WatchedHub {
		return this.hub;
	}

	/** One that somebody has ended stays so. Its restart takes away what does not end in order. */
	protected override async replaced(hub: WatchedHub): Promise<boolean> {
		const found = hub.record === undefined ? undefined : processIn(path.join(this.dir, hub.record));
		if (!found || !isRunning(found)) return false;
		if (!(await this.silence.isHung({ ...found, monitor: hub.monitor }, false))) return false;
		const silent = `answers nobody for ${formatDuration(HUNG_MS)}`;
		this.say(`${this.name}: its server (process ${found.pid}) ${silent}: it is ended and started anew`);
		void this.startAnew(hub);
		return true;
	}

	/** What the plan lets it store may well be more than this machine has: only what may fail at any moment is news. */
	protected async warn(_: WatchedHub, disk: DiskRoom): Promise<void> {
		const left = `${formatBytes(disk.freeBytes)}${disk.files > 0 ? ` and ${disk.freeFiles} inodes` : ""}`;
		this.tell("disk", isFull(disk) ? `its disk is full: ${this.storeDir} has ${left} left` : undefined, "full");
	}

	protected faults({ monitor }: WatchedHub): Promise<readonly string[]> {
		return hubFaults(monitor);
	}

	/** Its restarts are written down before they are done: what cannot be written is said there. */
	protected distrust(): undefined {
		return undefined;
	}

	protected restart({ restart }: WatchedHub): Promise<void> {
		return runRestart(this.dir, restart);
	}
}
