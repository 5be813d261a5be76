import type { Api } from "../jetstream/api";
import { messageOf } from "../system/message";
import { type DiskRoom, hasRoomAgain, ROOM_NEEDED, restartIn, WELL_MS } from "../topology/disk-room";
import { formatDuration } from "../topology/format";
import { RestartRecord } from "./restarts";
import { diskRoom } from "./room";

const LOOK_EVERY_MS = 2_000;

/**
 * Looks after the health of a server, and the disk of its store: says what is wrong, and restarts a server that failed to
 * write when there is room again, by the rule of `topology/disk-room.ts`.
 */
export abstract class ServerWatch<Server> {
	protected readonly restarts: RestartRecord;
	private lookedAt = 0;
	private restarting = false;
	private readonly told = new Map<string, string>();

	/**
	 * @param name of the server, for the journal
	 * @param say takes a line for the journal
	 */
	constructor(
		protected readonly name: string,
		protected readonly storeDir: string,
		protected readonly say: (line: string) => void,
	) {
		this.restarts = new RestartRecord(storeDir);
	}

	/** The server that runs now. */
	protected abstract server(): Server | undefined;
	/** Says what is to be said of the disk while nothing has failed yet. */
	protected abstract warn(server: Server, disk: DiskRoom): Promise<void>;
	/** Why it cannot write; none where it can. @throws Error when it does not answer */
	protected abstract faults(server: Server, api: Api | undefined): Promise<readonly string[]>;
	/** Called when it cannot write. @returns why it is not to be started anew, room or not */
	protected abstract distrust(): string | undefined;
	/** Ends the server, so that it is started again. @throws Error with what went wrong */
	protected abstract restart(server: Server): Promise<void>;

	/**
	 * Never throws: what is wrong is said once, and looked at again.
	 * @param api undefined while the server does not answer there
	 */
	async look(api?: Api, now = Date.now()): Promise<void> {
		if (this.restarting || Math.abs(now - this.lookedAt) < LOOK_EVERY_MS) return;
		this.lookedAt = now;
		try {
			const server = this.server();
			// One that does not run has nothing to be asked; whoever starts it says why it does not.
			if (server === undefined) return;
			if (await this.replaced(server, api)) return;
			const disk = diskRoom(this.storeDir);
			await this.warn(server, disk);
			const faults = await this.faults(server, api);
			if (faults.length > 0) this.mend(server, faults, disk, now);
			else this.well(now);
			this.tell("trouble", undefined);
		} catch (error) {
			this.tell("trouble", messageOf(error));
		}
	}

	/**
	 * Whether it has taken a server away that answers nobody. @default it takes none away
	 * @param _api undefined while the server does not answer there
	 */
	protected async replaced(_server: Server, _api: Api | undefined): Promise<boolean> {
		return false;
	}

	private mend(server: Server, faults: readonly string[], disk: DiskRoom, now: number): void {
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
		this.say(`${this.name}: there is room again; starting its server anew, which said: ${first}`);
		void this.startAnew(server);
	}

	private well(now: number): void {
		this.tell("cannot write", undefined);
		const { tries, at } = this.restarts.read(now);
		if (tries > 0 && Math.abs(now - at) >= WELL_MS) this.restarts.write({ tries: 0, at });
	}

	protected async startAnew(server: Server): Promise<void> {
		this.restarting = true;
		try {
			await this.restart(server);
			this.tell("restart", undefined);
		} catch (error) {
			this.tell("restart", `its server was not started anew: ${messageOf(error)}`);
		} finally {
			this.restarting = false;
		}
	}

	/** @param kind a line of another kind is news, and any other is not; @default the line itself */
	protected tell(about: string, line: string | undefined, kind = line): void {
		if (this.told.get(about) === kind) return;
		if (line === undefined || kind === undefined) {
			this.told.delete(about);
			return;
		}
		this.told.set(about, kind);
		this.say(`${this.name}: ${line}`);
	}
}
