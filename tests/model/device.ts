import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { deviceSpec, edgeGroupOf, ownStreams } from "../../components/leaves/device-spec";
import { createLink, type Link } from "../../components/links/shaper";
import { gate } from "../../device/gate";
import { KeptDevice } from "../../device/kept-device";
import { seal } from "../../device/seal";
import type { DeviceSpec, MemoryStream } from "../../device/spec";
import { renderGateConf } from "../../render/gate";
import type { Topology } from "../../topology/model";
import { OWNER } from "../../topology/names";
import { LOOK_EVERY_MS } from "../../topology/reserve";
import { type SmallDisk, smallDisk } from "../device/small-disk";
import type { Bench, Edge } from "../support/bench";
import { eventually } from "../support/eventually";
import { wrongClockServer } from "../support/wrong-clock";
import { SYNC_MS } from "./fleet";
import { STACK } from "./up";

/** Room for a buffer, and for what the gate writes when it moves a store on. */
const DISK_BYTES = 256 * 1024 ** 2;

/** What a disk once held. */
export interface Image {
	readonly folder: string;
	/** Whatever was acknowledged until then is in it. */
	readonly at: number;
}

/** One device with the device program, its link, and a disk that can lose what was not on it. */
export class ModelDevice {
	/** Which start of the server this is. */
	life = 1;
	/** What the gate and the device program said. */
	readonly said: string[] = [];
	image: Image | undefined;
	private spec: DeviceSpec;
	private memory: readonly MemoryStream[];
	private kept: KeptDevice;
	private open = true;
	private readonly keeping: Promise<void>;

	private constructor(
		readonly name: string,
		private readonly bench: Bench,
		private readonly edge: Edge,
		readonly link: Link,
		topology: Topology,
		/** A small one of its own, which can be full. */
		readonly disk: SmallDisk | undefined,
	) {
		this.spec = this.plan(topology);
		this.memory = this.inMemory(topology);
		this.kept = this.keeper();
		this.keeping = this.keep();
	}

	/** @param small on a disk that can be full */
	static async start(bench: Bench, topology: Topology, name: string, small = false): Promise<ModelDevice> {
		const [first, ...rest] = bench.hubs.map(({ ports }) => ({
			listen: 0,
			target: { host: "127.0.0.1", port: ports.leaf ?? 0 },
		}));
		const link = await createLink({
			...(first ?? { listen: 0, target: { host: "127.0.0.1", port: 0 } }),
			others: rest,
		});
		const disk = small ? await smallDisk(made(bench.path(`${name}.disk`)), DISK_BYTES) : undefined;
		try {
			const urls = link.ports.map((port) => `tls://127.0.0.1:${port}`);
			const edge = await bench.startEdge(name, { urls, topology, ...(disk && { storeDir: storeOn(disk) }) });
			return new ModelDevice(name, bench, edge, link, topology, disk);
		} catch (error) {
			await link.close();
			await disk?.close();
			throw error;
		}
	}

	get store(): string {
		return this.disk ? storeOn(this.disk) : this.bench.path(this.name);
	}

	get url(): string {
		return `nats://127.0.0.1:${this.edge.server.ports.client}`;
	}

	log(): string {
		return this.edge.server.log();
	}

	/** The device program is told of another fleet. */
	retarget(topology: Topology): void {
		this.spec = this.plan(topology);
		this.memory = this.inMemory(topology);
		this.forget();
	}

	/** A request of its own JetStream, as its own program may make it. */
	async ask(call: string, body?: unknown): Promise<Record<string, unknown>> {
		const payload = body === undefined ? "" : JSON.stringify(body);
		const request = () => this.edge.owner.request(`$JS.API.${call}`, payload, { timeout: 1_000 });
		const answer = await eventually(request, { what: `${this.name} answers ${call}`, within: 30_000 });
		return answer.json();
	}

	/** Takes an image of the disk of a running device. */
	photograph(): Image {
		const image = { folder: this.bench.path(`${this.name}.image-${Date.now()}`), at: Date.now() };
		copyFolder(this.store, image.folder);
		return image;
	}

	async kill(): Promise<void> {
		await this.edge.server.kill();
	}

	/** `kill -9`, and the disk is as it was `sync` before. @returns what may be gone */
	async cutPower(): Promise<{ from: number; to: number }> {
		const image = this.photograph();
		await new Promise((done) => setTimeout(done, SYNC_MS));
		await this.kill();
		const to = Date.now();
		this.put(image);
		fs.rmSync(image.folder, { recursive: true, force: true });
		this.forget();
		return { from: image.at, to };
	}

	/** Puts an image on the disk of a device whose server is down. */
	put({ folder }: Image): void {
		fs.rmSync(this.store, { recursive: true, force: true });
		copyFolder(folder, this.store);
	}

	wipe(): void {
		fs.rmSync(this.store, { recursive: true, force: true });
		this.forget();
	}

	/** As the unit starts it. @throws DeviceError when the door stays shut */
	async boot({ gated = true, clockSeconds = 0 } = {}): Promise<void> {
		if (gated) await gate(this.bench.path(""), this.spec, (line) => void this.said.push(line));
		this.life++;
		const env = { CLOCK_OFFSET: String(clockSeconds) };
		await this.edge.server.start(clockSeconds === 0 ? {} : { program: wrongClockServer(), env });
	}

	/** As the unit ends it. */
	async shutDown(): Promise<void> {
		await this.edge.server.kill("SIGTERM");
		seal(this.bench.path(""), this.spec);
	}

	async close(): Promise<void> {
		this.open = false;
		await this.kept.close();
		await this.keeping;
		await this.link.close();
		await this.disk?.close();
	}

	private plan(topology: Topology): DeviceSpec {
		const gateConf = `${this.name}.gate.conf`;
		const options = { urls: ["tls://127.0.0.1:1"], credentials: "none", ca: "none", storeDir: this.store };
		fs.writeFileSync(this.bench.path(gateConf), renderGateConf(topology, this.name, options));
		const key = this.bench.programKey(this.name);
		return deviceSpec(topology, this.name, { storeDir: this.store, gateConf, key });
	}

	private inMemory(topology: Topology): readonly MemoryStream[] {
		const group = edgeGroupOf(topology, this.name);
		return group ? ownStreams(group, this.name, { [OWNER]: STACK }).memory : [];
	}

	/** The device program was started anew, as after any start of the machine. */
	private forget(): void {
		void this.kept.close();
		this.kept = this.keeper();
	}

	private keeper(): KeptDevice {
		const kept = { url: this.url, dir: ".", spec: this.spec, memory: this.memory };
		return new KeptDevice(this.bench.path(""), kept, (line) => void this.said.push(line));
	}

	private async keep(): Promise<void> {
		while (this.open) {
			await this.kept.look();
			await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
		}
	}
}

export const storeOn = (disk: SmallDisk) => path.join(disk.path, "store");

function made(folder: string): string {
	fs.mkdirSync(folder, { recursive: true });
	return folder;
}

/** A file may vanish while a running server's folder is copied, as it may between two syncs. */
export function copyFolder(from: string, to: string): void {
	fs.mkdirSync(path.dirname(to), { recursive: true });
	const { error } = spawnSync("cp", ["-a", from, to], { stdio: "ignore" });
	if (error) throw error;
}
