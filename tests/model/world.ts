import { connect, credsAuthenticator } from "nats";
import type { Topology } from "../../topology/model";
import { edgeStreamName, hubStreamName } from "../../topology/names";
import { whyNoDisk } from "../device/small-disk";
import type { Bench } from "../support/bench";
import { planFleet } from "../support/rig";
import { ModelDevice } from "./device";
import { CLASSES, DOWNLINK, fleetText, MESSAGE_BYTES, type ModelFleet, subjectOf } from "./fleet";
import { ModelHub } from "./hub";
import { Ledger } from "./ledger";
import { Program } from "./program";
import type { Kind, Scenario } from "./steps";
import { Stack, type Updated } from "./up";

const FULL_DISK: ReadonlySet<Kind> = new Set(["full-disk", "hub-full-disk"]);
/** Messages a second of each class on each device, while nothing else is asked for. */
const RATE = 20;
/** Where a buffer that drops its oldest begins to: the server stores subject and headers, an id among them, beside each payload. */
const FULL = 0.8;

/** A hub and devices on which the steps of one scenario are done, and what is known of them. */
export class World {
	readonly ledger = new Ledger();
	readonly devices = new Map<string, ModelDevice>();
	/** Oddities that are no loss: doors that stayed shut, updates that failed. */
	readonly notes: string[] = [];
	/** What must not be, beside what the ledger shows. */
	readonly faults: string[] = [];
	readonly bench: Bench;
	readonly stack: Stack;
	/** Somebody changed something by hand, and refreshes before the last update as the docs tell him to. */
	tampered = false;
	/** Devices start as the unit starts them. */
	gated = true;
	/** Nothing is published any more, but for last messages. */
	private ended = false;
	private readonly programs = new Map<string, Program>();

	private constructor(
		readonly hub: ModelHub,
		public fleet: ModelFleet,
		public topology: Topology,
		private readonly told: (text: string) => void,
		/** Devices on a disk that can be full. */
		private readonly small: ReadonlySet<string>,
	) {
		this.bench = hub.bench;
		this.stack = new Stack(this.bench.connection);
	}

	static async start(
		{ nodes, sourcing, devices, classes, downlink, steps }: Scenario,
		told: (text: string) => void = () => {},
	): Promise<World> {
		const fleet: ModelFleet = {
			devices: Object.fromEntries(devices.map((name) => [name, "in service"])),
			classes: Object.fromEntries(classes.flatMap((name) => (CLASSES[name] ? [[name, CLASSES[name]]] : []))),
			sourcing,
			downlink,
		};
		const topology = planWith(fleet, nodes);
		const disks = steps.some(({ do: kind }) => FULL_DISK.has(kind)) && whyNoDisk() === undefined;
		const full = steps.flatMap((step) => (step.do === "full-disk" ? [step.device] : []));
		const hub = await ModelHub.start(topology, nodes, disks && steps.some((step) => step.do === "hub-full-disk"));
		const world = new World(hub, fleet, topology, told, new Set(disks ? full : []));
		try {
			await Promise.all(devices.map((name) => world.addDevice(name)));
			const { refused, failed, pending } = await world.up();
			const wrong = [...refused, ...failed, ...Object.values(pending)];
			if (wrong.length > 0) throw new Error(`the first update: ${wrong.join("; ")}`);
			world.retune();
			return world;
		} catch (error) {
			await world.close();
			throw error;
		}
	}

	/** Starts a device that the topology knows. */
	async addDevice(name: string): Promise<void> {
		this.devices.set(name, await ModelDevice.start(this.bench, this.topology, name, this.small.has(name)));
	}

	/** Another fleet file; nothing is done before the next update. @returns false for one that cannot be planned */
	edit(fleet: ModelFleet): boolean {
		try {
			this.topology = planWith(fleet, this.hub.nodes as 1 | 3);
		} catch (error) {
			this.note(`no such fleet: ${(error as Error).message.replace(/\s+/g, " ").slice(0, 200)}`);
			return false;
		}
		this.fleet = fleet;
		return true;
	}

	async up(): Promise<Updated> {
		const updated = await this.stack.up(this.topology);
		for (const [name, device] of this.devices) {
			if (this.topology.devices[name]) device.retarget(this.topology);
		}
		this.retune();
		return updated;
	}

	/** As `up()`, within a run: what it could not do is noted, and what a device that is given up holds may be missing. */
	async update(): Promise<Updated> {
		const updated = await this.up();
		for (const line of [...updated.refused, ...updated.failed]) this.note(`up: ${line}`);
		for (const [device, reason] of Object.entries(updated.pending)) this.note(`up: ${device} pending: ${reason}`);
		for (const [device, service] of Object.entries(this.fleet.devices)) {
			if (service !== "lost" || updated.refused.length > 0) continue;
			this.ledger.allow(device, { why: "device given up", from: 0, to: Date.now() });
			this.ledger.allow(device, { why: "device given up", from: 0, to: Date.now() }, "downlink");
		}
		return updated;
	}

	/** All programs publish nothing more. */
	async end(): Promise<void> {
		this.ended = true;
		await Promise.all(this.allPrograms().map((program) => program.quiet()));
	}

	/** Programs of one device publish nothing more until it is in service again. */
	async quiet(device: string): Promise<void> {
		const own = [...this.programs].flatMap(([key, program]) => (key.startsWith(`${device} `) ? [program] : []));
		await Promise.all(own.map((program) => program.quiet()));
	}

	note(text: string): void {
		const line = text.replace(/\s+/g, " ").slice(0, 300);
		if (this.notes.at(-1) === line) return;
		this.notes.push(line);
		this.told(line);
	}

	fault(text: string): void {
		const line = text.replace(/\s+/g, " ");
		this.faults.push(line);
		this.told(`fault: ${line}`);
	}

	/** Programs publish what the fleet file says, as far as they can. */
	retune(): void {
		if (this.ended) return;
		for (const [name, { url }] of this.devices) {
			const service = this.fleet.devices[name];
			for (const className of Object.keys(this.fleet.classes)) {
				if (service === "in service") this.startProgram(name, className, url);
				else if (service === "drain") this.startQuiet(name, className, url);
			}
		}
		if (!this.fleet.downlink) return;
		for (const name of this.devices.keys()) if (this.fleet.devices[name] === "in service") this.startCommands(name);
	}

	program(device: string, className: string): Program | undefined {
		return this.programs.get(`${device} ${className}`);
	}

	allPrograms(): readonly Program[] {
		return [...this.programs.values()];
	}

	/** A class's programs publish on what it accepts now. */
	async restartPrograms(className: string): Promise<void> {
		for (const name of this.devices.keys()) {
			const key = `${name} ${className}`;
			await this.programs.get(key)?.stop();
			this.programs.delete(key);
		}
		this.retune();
	}

	hubStream(className: string): string {
		return hubStreamName(className);
	}

	edgeStream(device: string, className: string): string {
		return edgeStreamName(device, className);
	}

	async close(): Promise<void> {
		await Promise.all(this.allPrograms().map((program) => program.stop()));
		await Promise.all([...this.devices.values()].map((device) => device.kill()));
		await this.hub.close();
		await Promise.all([...this.devices.values()].map((device) => device.close()));
	}

	private startProgram(name: string, className: string, url: string): void {
		const key = `${name} ${className}`;
		const settings = this.fleet.classes[className];
		if (!settings) return;
		const lane = this.ledger.lane(name, className);
		const group = Object.values(this.topology.edgeGroups)[0];
		// A class that is added takes room of the others.
		if (group?.classes[className]?.discard === "old") {
			const room = FULL * group.classes[className].maxBytes;
			lane.dropsBeyond = Math.min(lane.dropsBeyond ?? room, room);
		}
		this.programs.get(key)?.resume();
		if (this.programs.has(key)) return;
		this.programs.set(
			key,
			new Program({
				dial: () => connect({ servers: url, reconnect: false, timeout: 2_000 }),
				subject: subjectOf(settings),
				lane,
				bytes: MESSAGE_BYTES,
				rate: RATE,
				life: () => this.devices.get(name)?.life ?? 0,
				// Equal on all devices: the hub must not take two for one.
				messageIds: className === "alarm",
			}),
		);
	}

	/** One that publishes nothing but a last message. */
	private startQuiet(name: string, className: string, url: string): void {
		if (this.program(name, className)) return;
		this.startProgram(name, className, url);
		void this.program(name, className)?.quiet();
	}

	/** A program at the hub that sends a device commands. */
	private startCommands(name: string): void {
		const key = `${name} ${DOWNLINK}`;
		this.programs.get(key)?.resume();
		if (this.programs.has(key)) return;
		const servers = this.bench.hubs.map(({ ports }) => `127.0.0.1:${ports.client}`);
		const authenticator = credsAuthenticator(new TextEncoder().encode(this.bench.connection.adminCreds));
		this.programs.set(
			key,
			new Program({
				dial: () => connect({ servers, authenticator, reconnect: false, timeout: 2_000 }),
				subject: `down.${name}.${DOWNLINK}.x`,
				lane: this.ledger.lane(name, DOWNLINK, "downlink"),
				bytes: MESSAGE_BYTES,
				rate: 2,
				life: () => 1,
			}),
		);
	}
}

function planWith(fleet: ModelFleet, nodes: 1 | 3): Topology {
	return planFleet(fleetText(fleet), { hub: { nodes }, sourcing: fleet.sourcing, allowDataLoss: false });
}
