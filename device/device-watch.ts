import * as path from "node:path";
import type { Api } from "../jetstream/api";
import { messageOf } from "../system/message";
import { type DiskRoom, isFull, shortage } from "../topology/disk-room";
import { formatBytes, formatDuration } from "../topology/format";
import { HUNG_MS } from "../topology/watchdog";
import { jetStreamFault, storeUse, writeFaults } from "./health";
import { readReservations, writeReservations } from "./reservations";
import { runRestart } from "./restart-command";
import { askToEnd, findServer, type ServerProcess, takeAway } from "./server-process";
import { Silence } from "./silence";
import type { KeptDevice } from "./spec";
import { ServerWatch } from "./watch";

/** Looks after the health of a device's server, and its disk, of which it warns while there is room; ends one that hangs. */
export class DeviceWatch extends ServerWatch<ServerProcess> {
	private readonly dir: string;

	/**
	 * @param dir folder that the paths in the spec are relative to
	 * @param portsDir folder in which the server writes down its ports, from the device's folder
	 * @param say takes a line for the journal
	 */
	constructor(
		dir: string,
		private readonly device: KeptDevice,
		private readonly portsDir: string,
		say: (line: string) => void,
		private readonly silence = new Silence(),
	) {
		const own = path.resolve(dir, device.dir);
		super(device.spec.device, path.resolve(own, device.spec.storeDir), say);
		this.dir = own;
	}

	/** Ends the server, which is not to take another message; the gate says whether it may start again. */
	end(why: string): void {
		const server = this.server();
		if (!server) return;
		this.say(`${this.name}: ${why}: its server is ended`);
		askToEnd(server);
	}

	protected server(): ServerProcess | undefined {
		return findServer(path.resolve(this.dir, this.portsDir), this.device.url);
	}

	/** What it was sent and not written is as if the power had been cut: the gate sees to it. */
	protected override async replaced(server: ServerProcess, api: Api | undefined): Promise<boolean> {
		if (!(await this.silence.isHung(server, api !== undefined))) return false;
		const silent = `answers nobody for ${formatDuration(HUNG_MS)}`;
		this.say(`${this.name}: its server (process ${server.pid}) ${silent}: it is killed and started anew`);
		// A restart of its own takes away what does not end in order, and starts nothing that was ended before.
		if (this.device.restart === undefined) takeAway(server);
		void this.startAnew(server);
		return true;
	}

	protected async warn({ monitor }: ServerProcess, disk: DiskRoom): Promise<void> {
		const short = shortage(disk, await storeUse(monitor));
		for (const what of ["bytes", "inodes"] as const) {
			const found = short.find((each) => each.what === what);
			const amount = (value: number) => (what === "bytes" ? formatBytes(value) : `${value} inodes`);
			const now = isFull(disk) ? "is full" : "is short of room";
			this.tell(
				`disk ${what}`,
				found &&
					`its disk ${now}: ${this.storeDir} has ${amount(found.free)} left and may still need ${amount(found.needed)}`,
				// What is left changes with every message.
				found && now,
			);
		}
	}

	protected async faults({ monitor }: ServerProcess, api: Api | undefined): Promise<readonly string[]> {
		const off = await jetStreamFault(monitor);
		if (off !== undefined) return [off];
		return api ? writeFaults(api, this.device.spec.device) : [];
	}

	/**
	 * Whoever saw a write fail takes nothing that the server leaves for whole, however it ends: what was in the kernel's
	 * hands may never have reached the disk.
	 * @returns why that could not be written down; undefined when it is
	 */
	protected distrust(): string | undefined {
		try {
			const known = readReservations(this.storeDir, this.device.spec.device);
			if (known && !known.unproved) writeReservations(this.storeDir, { ...known, unproved: true }, "keep");
			return undefined;
		} catch (error) {
			return messageOf(error);
		}
	}

	protected async restart(server: ServerProcess): Promise<void> {
		if (this.device.restart === undefined) askToEnd(server);
		else await runRestart(this.dir, this.device.restart);
	}
}
