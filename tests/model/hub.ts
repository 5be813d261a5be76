import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { NatsConnection } from "nats";
import type { Topology } from "../../topology/model";
import { ADMIN_API } from "../../topology/permissions";
import { type SmallDisk, smallDisk } from "../device/small-disk";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { copyFolder, type Image, storeOn } from "./device";
import type { Arrived } from "./judge";
import { decode } from "./ledger";

/** How often a hub's server writes to disk, as the settings have it. */
export const HUB_SYNC_MS = 250;
const BACK_MS = 120_000;
const STILL_MS = 1_500;
/** Sparse, so only what is stored counts. */
const DISK_BYTES = 512 * 1024 ** 2;

/** The hub's nodes, and everything that was ever read from its streams. */
export class ModelHub {
	image: Image | undefined;
	/** By `<device> <class>`: what was at the hub before it was purged or deleted there. */
	private readonly archive = new Map<string, Arrived[]>();
	/** By stream, how often it was deleted. */
	private readonly eras = new Map<string, number>();

	private constructor(
		readonly bench: Bench,
		/** By node, those that can be full; none for a hub that stores in the bench's folder. */
		private readonly disks: readonly SmallDisk[],
		/** Where those are. */
		private readonly folder: string | undefined,
	) {}

	/** @param small on disks that can be full */
	static async start(topology: Topology, nodes: 1 | 3, small: boolean): Promise<ModelHub> {
		const folder = small ? fs.mkdtempSync(path.join(os.tmpdir(), "leafline-hub-disks-")) : undefined;
		const disks: SmallDisk[] = [];
		try {
			while (folder && disks.length < nodes) {
				const own = path.join(folder, String(disks.length));
				fs.mkdirSync(own);
				disks.push(await smallDisk(own, DISK_BYTES));
			}
			const hubStores = Object.fromEntries(disks.map((disk, node) => [node, storeOn(disk)]));
			const bench = await startBench({ topology, hubStores, ...(nodes === 3 && { nodes }) });
			return new ModelHub(bench, disks, folder);
		} catch (error) {
			await closeDisks(disks, folder);
			throw error;
		}
	}

	async close(): Promise<void> {
		await this.bench.close();
		await closeDisks(this.disks, this.folder);
	}

	get connection(): NatsConnection {
		return this.bench.control.hub;
	}

	get nodes(): number {
		return this.bench.hubs.length;
	}

	async killNode(node: number, ms: number): Promise<void> {
		const server = this.bench.hubs[node % this.nodes];
		await server?.kill();
		await new Promise((done) => setTimeout(done, ms));
		await server?.start();
		await this.back();
	}

	/** A node's disk is full for so long; then its server is restarted, as the node's timer does. @returns whether it noticed */
	async fillDisk(node: number, ms: number): Promise<boolean> {
		const [server, disk] = [this.bench.hubs[node % this.nodes], this.disks[node % this.nodes]];
		if (!server || !disk) return true;
		const before = server.log().length;
		disk.fill();
		await new Promise((done) => setTimeout(done, ms));
		disk.free();
		const noticed = server.log().slice(before).includes("no space left");
		await server.kill("SIGTERM");
		await server.start();
		await this.back();
		return noticed;
	}

	photograph(): Image {
		const image = { folder: this.bench.path(`hub.image-${Date.now()}`), at: Date.now() };
		for (const [node, { name }] of this.bench.hubs.entries()) copyFolder(this.store(node), `${image.folder}/${name}`);
		return image;
	}

	/** All nodes at once; their disks are as they were `sync` before. Returns the time of which everything may be lost. */
	async cutPower(): Promise<{ from: number; to: number }> {
		const image = this.photograph();
		await new Promise((done) => setTimeout(done, HUB_SYNC_MS));
		return this.restore(image);
	}

	/** All nodes end, and come back with what an image holds. Returns the time of which everything may be lost. */
	async restore({ folder, at }: Image): Promise<{ from: number; to: number }> {
		await Promise.all(this.bench.hubs.map((server) => server.kill()));
		const to = Date.now();
		for (const [node, { name }] of this.bench.hubs.entries()) {
			fs.rmSync(this.store(node), { recursive: true, force: true });
			copyFolder(`${folder}/${name}`, this.store(node));
		}
		await Promise.all(this.bench.hubs.map((server) => server.start()));
		await this.back();
		return { from: at, to };
	}

	/** A node comes back with an empty disk. */
	async replaceNode(node: number): Promise<void> {
		const server = this.bench.hubs[node % this.nodes];
		if (!server) return;
		await server.kill();
		fs.rmSync(this.store(node % this.nodes), { recursive: true, force: true });
		await server.start();
		await this.back();
	}

	/** Another node leads a stream. */
	async stepDown(stream: string): Promise<void> {
		await this.bench.api("hub", `STREAM.LEADER.STEPDOWN.${stream}`, {});
	}

	/** Reads what a stream holds, deletes exactly that, and remembers it. */
	async purge(stream: string): Promise<void> {
		const { last, lanes } = await this.read(stream);
		if (last === 0) return;
		await this.bench.api("hub", `STREAM.PURGE.${stream}`, { seq: last + 1 });
		this.remember(lanes);
		// An image from before would bring back what was read already.
		this.image = undefined;
	}

	/** Deletes a stream of which nothing arrives any more, and remembers what it held. */
	async deleteStream(stream: string): Promise<void> {
		const { lanes } = await this.read(stream);
		await this.bench.api("hub", `STREAM.DELETE.${stream}`);
		this.remember(lanes);
		this.eras.set(stream, (this.eras.get(stream) ?? 0) + 1);
		this.image = undefined;
	}

	/** By `<device> <class>`, everything that ever stood in these streams, in their order. */
	async everything(streams: readonly string[]): Promise<Map<string, Arrived[]>> {
		const all = new Map([...this.archive].map(([key, arrived]) => [key, [...arrived]]));
		for (const stream of streams) merge(all, (await this.read(stream)).lanes);
		return all;
	}

	/** Whether the newest message under a subject is this one. */
	async ends(stream: string, subject: string, id: number): Promise<boolean> {
		const { message } = await this.bench.api("hub", `STREAM.MSG.GET.${stream}`, { last_by_subj: subject });
		const { data } = message as { data?: string };
		return decode(Buffer.from(data ?? "", "base64"))?.id === id;
	}

	async lastSequence(stream: string): Promise<number> {
		const { state } = await this.bench.api("hub", `STREAM.INFO.${stream}`);
		return (state as { last_seq: number }).last_seq;
	}

	/** Waits until nothing more comes into a stream. */
	async settled(stream: string): Promise<void> {
		let [before, since] = [-1, Date.now()];
		const still = async () => {
			const last = await this.lastSequence(stream);
			if (last !== before) [before, since] = [last, Date.now()];
			return Date.now() - since > STILL_MS;
		};
		await eventually(still, { what: `${stream} is still`, within: BACK_MS });
	}

	async has(stream: string): Promise<boolean> {
		return this.lastSequence(stream).then(
			() => true,
			(error: Error) => !/stream not found/.test(error.message),
		);
	}

	private store(node: number): string {
		const disk = this.disks[node];
		return disk ? storeOn(disk) : this.bench.path(this.bench.hubs[node]?.name ?? "");
	}

	private async back(): Promise<void> {
		await eventually(() => this.bench.api("hub", "INFO"), { what: "the hub answers again", within: BACK_MS });
	}

	private remember(lanes: ReadonlyMap<string, readonly Arrived[]>): void {
		merge(this.archive, lanes);
	}

	private async read(stream: string): Promise<{ last: number; lanes: Map<string, Arrived[]> }> {
		const lanes = new Map<string, Arrived[]>();
		const info = await this.bench.api("hub", `STREAM.INFO.${stream}`);
		const { last_seq: last, messages: held } = info.state as { last_seq: number; messages: number };
		if (held === 0) return { last, lanes };
		const consumer = await this.connection.jetstream({ apiPrefix: ADMIN_API }).consumers.get(stream);
		const messages = await consumer.consume({ max_messages: 5_000 });
		for await (const message of messages) {
			const found = decode(message.data);
			const origin = message.headers?.get("Nats-Stream-Source").split(/[: ]/, 1)[0] ?? "";
			const [device = "", name = ""] = origin.split("_");
			const strayed = found && (found.device !== device || found.class !== name);
			if (found) {
				const era = this.eras.get(stream) ?? 0;
				const arrived = { id: found.id, era, ...(strayed && { strayedFrom: `${found.device} ${found.class}` }) };
				merge(lanes, new Map([[`${device} ${name}`, [arrived]]]));
			}
			if (message.seq >= last) break;
		}
		await messages.close();
		return { last, lanes };
	}
}

async function closeDisks(disks: readonly SmallDisk[], folder: string | undefined): Promise<void> {
	await Promise.all(disks.map((disk) => disk.close()));
	if (folder) fs.rmSync(folder, { recursive: true, force: true });
}

function merge(into: Map<string, Arrived[]>, from: ReadonlyMap<string, readonly Arrived[]>): void {
	for (const [key, arrived] of from) {
		const known = into.get(key) ?? [];
		for (const each of arrived) known.push(each);
		into.set(key, known);
	}
}
