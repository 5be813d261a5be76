import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Api } from "../jetstream/api";
import { messageOf } from "../system/message";
import { type DiskRoom, hasRoomAgain, isFull, ROOM_NEEDED, restartIn, shortage, WELL_MS } from "../topology/disk-room";
import { formatBytes, formatDuration } from "../topology/format";
import { HUNG_MS } from "../topology/watchdog";
import { jetStreamFault, storeUse, writeFaults } from "./health";
import { readReservations, writeReservations } from "./reservations";
import { RestartRecord } from "./restarts";
import { diskRoom } from "./room";
import { askToEnd, findServer, type ServerProcess, takeAway } from "./server-process";
import { Silence } from "./silence";
import type { KeptDevice } from "./spec";

const LOOK_EVERY_MS = 2_000;

/**
 * Looks after the health of a device's server, and its disk: warns while there is room, and restarts a server that
 * failed to write when there is room again.
 */
export class ServerWatch {
	private readonly dir: string;
	private readonly storeDir: string;
	private readonly restarts: RestartRecord;
	private lookedAt = 0;
	private restarting = false;
	private readonly told = new Map<string, string>();

	/**
	 * @param dir folder that the paths in the spec are relative to
	 * @param portsDir folder in which the server writes down its ports, from the device's folder
	 * @param say takes a line for the journal
	 */
	constructor(
		dir: string,
		private readonly device: KeptDevice,
		private readonly portsDir: string,
		private readonly say: (line: string) => void,
		private readonly silence = new Silence(),
	) {
		this.dir = path.resolve(dir, device.dir);
		this.storeDir = path.resolve(this.dir, device.spec.storeDir);
		this.restarts = new RestartRecord(this.storeDir);
	}

	/**
	 * Never throws: what is wrong is said once, and looked at again.
	 * @param api undefined while the server does not answer there
	 */
	async look(api: Api | undefined, now = Date.now()): Promise<void> {
		if (this.restarting || Math.abs(now - this.lookedAt) < LOOK_EVERY_MS) return;
		this.lookedAt = now;
		try {
			const server = this.server();
			// One that does not run has nothing to be asked; whoever starts it says why it does not.
			if (!server) return;
			if (await this.silence.isHung(server, api !== undefined)) {
				await this.replace(server);
				return;
			}
			const disk = diskRoom(this.storeDir);
			await this.warn(server, disk);
			const off = await jetStreamFault(server.monitor);
			const faults = off ? [off] : api ? await writeFaults(api, this.device.spec.device) : [];
			if (faults.length > 0) await this.mend(server, faults, disk, now);
			else this.well(now);
			this.tell("trouble", undefined);
		} catch (error) {
			this.tell("trouble", messageOf(error));
		}
	}

	/** Ends the server, which is not to take another message; the gate says whether it may start again. */
	end(why: string): void {
		const server = this.server();
		if (!server) return;
		this.say(`${this.device.spec.device}: ${why}: its server is ended`);
		askToEnd(server);
	}

	private server(): ServerProcess | undefined {
		return findServer(path.resolve(this.dir, this.portsDir), this.device.url);
	}

	private async warn({ monitor }: ServerProcess, disk: DiskRoom): Promise<void> {
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

	private async mend(server: ServerProcess, faults: readonly string[], disk: DiskRoom, now: number): Promise<void> {
		const [first = ""] = faults;
		const untrusted = this.distrust();
		if (!hasRoomAgain(disk)) {
			this.tell("cannot write", `${first}; its server is started anew when ${ROOM_NEEDED} are free`, "no room");
			return;
		}
		if (untrusted !== undefined) {
			this.tell("cannot write", `${first}; its server is not started anew, for ${untrusted}`, "not written");
			return;
		}
		const { tries, at } = this.restarts.read(now);
		const wait = restartIn({ tries, at }, now);
		if (wait > 0) {
			const again = `was started anew ${tries} times and still cannot write, the next time in ${formatDuration(wait)}`;
			this.tell("cannot write", `${again}: ${first}`, `${tries}`);
			return;
		}
		this.restarts.write({ tries: tries + 1, at: now });
		this.tell("cannot write", undefined);
		this.say(`${this.device.spec.device}: there is room again; starting its server anew, which said: ${first}`);
		await this.restart(server);
	}

	private well(now: number): void {
		this.tell("cannot write", undefined);
		const { tries, at } = this.restarts.read(now);
		if (tries > 0 && Math.abs(now - at) >= WELL_MS) this.restarts.write({ tries: 0, at });
	}

	/**
	 * Whoever saw a write fail takes nothing that the server leaves for whole, however it ends: what was in the kernel's
	 * hands may never have reached the disk.
	 * @returns why that could not be written down; undefined when it is
	 */
	private distrust(): string | undefined {
		try {
			const known = readReservations(this.storeDir, this.device.spec.device);
			if (known && !known.unproved) writeReservations(this.storeDir, { ...known, unproved: true }, "keep");
			return undefined;
		} catch (error) {
			return messageOf(error);
		}
	}

	/** What it was sent and not written is as if the power had been cut: the gate sees to it. */
	private async replace(server: ServerProcess): Promise<void> {
		const silent = `answers nobody for ${formatDuration(HUNG_MS)}`;
		this.say(`${this.device.spec.device}: its server (process ${server.pid}) ${silent}: it is killed and started anew`);
		takeAway(server);
		await this.restart(server);
	}

	private async restart(server: ServerProcess): Promise<void> {
		const { restart } = this.device;
		if (restart === undefined) {
			askToEnd(server);
			return;
		}
		this.restarting = true;
		const command = [path.resolve(this.dir, restart.script), ...restart.args];
		const child = spawn(process.execPath, command, { cwd: this.dir, stdio: ["ignore", "ignore", "pipe"] });
		let log = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			log = (log + text).slice(-2_000);
		});
		const failed = (what: string) => this.tell("restart", `its server was not started anew: ${what}`);
		child.once("error", (error) => failed(error.message));
		child.once("close", (code) => {
			this.restarting = false;
			if (code === 0) this.tell("restart", undefined);
			else failed(log.trim());
		});
	}

	/** @param kind a line of another kind is news, and any other is not; @default the line itself */
	private tell(about: string, line: string | undefined, kind = line): void {
		if (this.told.get(about) === kind) return;
		if (line === undefined || kind === undefined) {
			this.told.delete(about);
			return;
		}
		this.told.set(about, kind);
		this.say(`${this.device.spec.device}: ${line}`);
	}
}
