import * as path from "node:path";
import { type NatsConnection, NatsError } from "nats";
import type { StreamInfo } from "../jetstream/answers";
import { type Api, localApi } from "../jetstream/api";
import { NoAnswer } from "../jetstream/errors";
import { messageOf } from "../system/message";
import { connectTo, KEEP_NAME } from "./connect";
import { DeviceWatch } from "./device-watch";
import { MemoryStreams } from "./memory-streams";
import { NotReserved, Reserver } from "./reserve";
import { Asker } from "./rollout/asker";
import { DeviceError, type KeptDevice as KeptDeviceSpec } from "./spec";
import { HubDisk, trimStream } from "./trim";

const ANSWER_MS = 5_000;

/** One device whose server is looked at again and again. */
export class KeptDevice {
	private connection: NatsConnection | undefined;
	private readonly reserver: Reserver;
	private readonly memory: MemoryStreams;
	private readonly hub: HubDisk;
	private readonly key: string;
	private readonly watch: DeviceWatch | undefined;
	private readonly asker: Asker | undefined;
	private complaint = "";
	private closed = false;

	/**
	 * @param dir folder that the paths in the spec are relative to
	 * @param say takes a line for the journal
	 */
	constructor(
		dir: string,
		private readonly device: KeptDeviceSpec,
		private readonly say: (line: string) => void,
	) {
		const { spec, portsDir, memory = [] } = device;
		this.watch = portsDir === undefined ? undefined : new DeviceWatch(dir, device, portsDir, say);
		this.reserver = new Reserver(path.resolve(dir, device.dir, spec.storeDir), spec.device);
		this.memory = new MemoryStreams(memory);
		this.hub = new HubDisk(spec.hubSyncMs);
		this.asker = device.releases && new Asker(dir, device);
		this.key = path.resolve(dir, device.dir, spec.key);
	}

	isFor(device: KeptDeviceSpec): boolean {
		return JSON.stringify(device) === JSON.stringify(this.device);
	}

	/** Never throws: what is wrong is said once, and looked at again. */
	async look(): Promise<void> {
		const api = await this.lookAtStreams();
		await this.watch?.look(api);
		await this.asker?.look();
	}

	/** @returns how it is asked, unless it does not answer */
	private async lookAtStreams(): Promise<Api | undefined> {
		let answers: Api | undefined;
		try {
			const connection = await this.server();
			// Before anything is asked: one that starts meanwhile is another.
			const { server_id: server = "" } = connection.info ?? {};
			const api = localApi(connection, this.device.spec.device);
			const streams = await this.streams(api);
			answers = api;
			const behind = this.reserver.look(this.inFiles(streams));
			const sound = streams.filter(({ config }) => !behind.has(config.name));
			await this.trim(api, sound);
			await this.makeInMemory(api, server);
			if (behind.size > 0) throw new DeviceError([...behind.values()].join("; "));
			this.complaint = "";
		} catch (error) {
			if (this.closed) return undefined;
			// A device that is being restarted, or has no streams yet, is no news at every look.
			const what = messageOf(error);
			if (error instanceof NotReserved && error.near) this.watch?.end(what);
			const silent = error instanceof NatsError || error instanceof NoAnswer;
			const complaint = silent
				? `its server does not answer (${error instanceof NoAnswer ? error.reason : what})`
				: what;
			if (this.complaint !== complaint) this.say(`${this.device.spec.device}: ${complaint}`);
			this.complaint = complaint;
		}
		return answers;
	}

	/** For good: a look that is under way comes to nothing. */
	async close(): Promise<void> {
		this.closed = true;
		await this.connection?.close();
	}

	private async makeInMemory(api: Api, server: string): Promise<void> {
		const made = await this.memory.make(api, server, ANSWER_MS);
		if (made.length > 0) this.say(`${this.device.spec.device}: made ${made.join(", ")} in memory`);
	}

	private async trim(api: Api, streams: readonly StreamInfo[]): Promise<void> {
		const { spec, memory = [] } = this.device;
		const own = [...spec.streams, ...memory.map(({ stream, trim }) => ({ name: stream.name, trim }))];
		const refusing = new Set(own.filter(({ trim }) => trim).map(({ name }) => name));
		for (const info of streams.filter(({ config }) => refusing.has(config.name))) {
			const purged = await trimStream(api, info, this.hub, ANSWER_MS);
			if (purged > 0) this.say(`${info.config.name}: ${purged} messages that the hub has made room`);
		}
	}

	/** The others have nothing that outlives their server. */
	private inFiles(streams: readonly StreamInfo[]): StreamInfo[] {
		const own = new Set(this.device.spec.streams.map(({ name }) => name));
		return streams.filter(({ config }) => own.has(config.name));
	}

	/** One question for all of them, other programs' streams among them; those that are not there are left out. */
	private async streams(api: Api): Promise<readonly StreamInfo[]> {
		const { spec } = this.device;
		type Page = { readonly streams: readonly StreamInfo[] | null };
		const { streams } = await api.ask<Page>("STREAM.LIST", { subject: `${spec.device}.>` }, ANSWER_MS);
		return streams ?? [];
	}

	private async server(): Promise<NatsConnection> {
		if (this.connection?.isClosed()) this.connection = undefined;
		if (this.connection) return this.connection;
		this.connection = await connectTo(this.device.url, this.key, {
			// While an update is under way, the server may not know the key yet.
			ignoreAuthErrorAbort: true,
			maxReconnectAttempts: -1,
			name: KEEP_NAME,
		});
		// Closed while it was being made: nobody else would, and it would be made again and again.
		if (this.closed) await this.connection.close();
		else this.asker?.listen(this.connection);
		return this.connection;
	}
}
