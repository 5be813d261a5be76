import * as fs from "node:fs";
import * as path from "node:path";
import { streamFolder } from "../../device/disk";
import { HUB_CONSUMER } from "../../topology/names";
import type { ModelDevice } from "./device";
import { CLASSES } from "./fleet";
import type { Kind, Step } from "./steps";
import type { World } from "./world";

type Of<K extends Kind> = Extract<Step, { do: K }>;
type Performers = { readonly [K in Kind]: (world: World, step: Of<K>) => Promise<void> };

/** What the docs tell whoever does it to follow with a refresh. */
const BY_HAND: ReadonlySet<Kind> = new Set([
	"delete-consumer",
	"delete-stream",
	"reset-consumer",
	"old-consumer-state",
	"wipe",
	"restore",
	"flip",
	"hub-restore",
]);
const ALWAYS = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** Does one step. What a step may take is stated before its outcome is known. */
export async function perform(world: World, step: Step): Promise<void> {
	if (BY_HAND.has(step.do)) world.tampered = true;
	await (PERFORMERS[step.do] as (world: World, step: Step) => Promise<void>)(world, step);
}

const PERFORMERS: Performers = {
	wait: (_, { ms }) => pause(ms),
	burst: async (world, { device, class: name, messages }) => world.program(device, name)?.burst(messages),
	poison: async (world, { device, class: name, bytes }) => world.program(device, name)?.poison(bytes),
	link: async (world, { device, mode }) => void world.devices.get(device)?.link.set({ mode }),
	kill: (world, { device, ms }) =>
		withDevice(world, device, async (each) => {
			await each.kill();
			await pause(ms);
			await boot(world, each);
		}),
	restart: (world, { device }) =>
		withDevice(world, device, async (each) => {
			await each.shutDown();
			await boot(world, each);
		}),
	"power-cut": (world, { device }) =>
		withDevice(world, device, async (each) => {
			const window = await each.cutPower();
			allow(world, device, "power cut of the device", window);
			await boot(world, each);
		}),
	image: (world, { device, clean }) =>
		withDevice(world, device, async (each) => {
			if (!clean) each.image = each.photograph();
			else {
				await each.shutDown();
				each.image = each.photograph();
				await boot(world, each);
			}
		}),
	restore: (world, { device }) =>
		withDevice(world, device, async (each) => {
			const { image } = each;
			if (!image) return;
			await each.kill();
			allow(world, device, "restored from an image", { from: image.at, to: Date.now() });
			each.put(image);
			await boot(world, each);
		}),
	wipe: (world, { device }) =>
		withDevice(world, device, async (each) => {
			await each.kill();
			allow(world, device, "another disk", { from: 0, to: Date.now() });
			each.wipe();
			await boot(world, each);
			await world.stack.refresh();
			await world.update();
		}),
	flip: (world, { device, class: name, at }) =>
		withDevice(world, device, async (each) => {
			await each.kill();
			allow(world, device, "a flipped bit", { from: 0, to: Date.now() });
			flip(each.store, world.edgeStream(device, name), at);
			await boot(world, each);
		}),
	clock: (world, { device, seconds }) =>
		withDevice(world, device, async (each) => {
			await each.shutDown();
			// Only classes that drop their oldest have an age limit, and a wrong clock makes everything too old.
			for (const lane of world.ledger.all()) {
				const aged = lane.device === device && lane.direction === "uplink" && lane.dropsBeyond !== undefined;
				if (aged) lane.allowances.push({ why: "aged by a wrong clock", ...ALWAYS });
			}
			await boot(world, each, seconds);
		}),
	"full-disk": (world, { device, ms }) =>
		withDevice(world, device, async (each) => {
			if (!each.disk) return;
			each.disk.fill();
			await pause(ms);
			each.disk.free();
			if (!each.log().includes("no space left"))
				world.note(`the disk of ${device} was full, and its server did not notice`);
			// The unit does that where the device program has seen it; here nobody watches the server's process.
			await each.shutDown();
			await boot(world, each);
		}),
	"delete-stream": (world, { device, class: name }) =>
		withDevice(world, device, async (each) => {
			const lane = world.ledger.lane(device, name);
			await each.ask(`STREAM.DELETE.${world.edgeStream(device, name)}`);
			lane.allowances.push({ why: "stream deleted on the device", from: 0, to: Date.now() });
			// What is stored in the next one begins anew.
			each.life++;
			await world.stack.refresh();
			await world.update();
		}),
	"delete-consumer": (world, { device, class: name }) =>
		withDevice(world, device, async (each) => {
			await each.ask(`CONSUMER.DELETE.${world.edgeStream(device, name)}.${HUB_CONSUMER}`);
		}),
	"reset-consumer": (world, { device, class: name, back }) =>
		withDevice(world, device, async (each) => {
			const consumer = `${world.edgeStream(device, name)}.${HUB_CONSUMER}`;
			const { delivered } = await each.ask(`CONSUMER.INFO.${consumer}`);
			// An ordinary source has no consumer that anybody could reset.
			if (!delivered) return;
			const at = (delivered as { stream_seq: number }).stream_seq;
			await each.ask(`CONSUMER.RESET.${consumer}`, { seq: Math.max(1, at - back) });
		}),
	"old-consumer-state": (world, { device, class: name }) =>
		withDevice(world, device, async (each) => {
			const { image } = each;
			if (!image) return;
			await each.kill();
			const stream = world.edgeStream(device, name);
			copyConsumer(image.folder, each.store, stream);
			await boot(world, each);
		}),
	"kill-hub": (world, { node, ms }) => world.hub.killNode(node, ms),
	"hub-full-disk": async (world, { node, ms }) => {
		if (!(await world.hub.fillDisk(node, ms))) world.note("the disk of a node was full, and its server did not notice");
	},
	"hub-power-cut": async (world) => {
		allowCommands(world, "power cut of the hub", await world.hub.cutPower());
	},
	"hub-image": async (world) => {
		world.hub.image = world.hub.photograph();
	},
	"hub-restore": async (world) => {
		const { image } = world.hub;
		if (!image) return;
		allowCommands(world, "hub restored from a snapshot", await world.hub.restore(image));
	},
	"replace-node": async (world, { node }) => {
		if (world.hub.nodes > 1) await world.hub.replaceNode(node);
	},
	"step-down": async (world, { class: name }) => {
		if (world.hub.nodes > 1 && (await world.hub.has(world.hubStream(name))))
			await world.hub.stepDown(world.hubStream(name));
	},
	"purge-hub": async (world, { class: name }) => {
		if (await world.hub.has(world.hubStream(name))) await world.hub.purge(world.hubStream(name));
	},
	"delete-hub-stream": async (world, { class: name }) => {
		if (!(await world.hub.has(world.hubStream(name)))) return;
		for (const { link } of world.devices.values()) link.set({ mode: "cut" });
		await world.hub.settled(world.hubStream(name));
		await world.hub.deleteStream(world.hubStream(name));
		await world.stack.refresh();
		await world.update();
		for (const { link } of world.devices.values()) link.set({ mode: "up" });
	},
	"add-device": async (world, { device }) => {
		if (world.fleet.devices[device]) return;
		const added = { ...world.fleet, devices: { ...world.fleet.devices, [device]: "in service" as const } };
		if (!world.edit(added)) return;
		if (!world.devices.has(device)) await world.addDevice(device);
		world.retune();
	},
	retire: async (world, { device, how }) => {
		if (!world.fleet.devices[device]) return;
		await world.quiet(device);
		world.edit({ ...world.fleet, devices: { ...world.fleet.devices, [device]: how } });
	},
	"remove-device": async (world, { device }) => {
		const { [device]: service, ...devices } = world.fleet.devices;
		if (service === undefined || Object.keys(devices).length === 0) return;
		await world.quiet(device);
		world.edit({ ...world.fleet, devices });
	},
	"add-class": async (world, { class: name }) => {
		const settings = CLASSES[name];
		if (world.fleet.classes[name] || !settings) return;
		world.edit({ ...world.fleet, classes: { ...world.fleet.classes, [name]: settings } });
	},
	accepts: async (world, { class: name, accepts }) => {
		const settings = world.fleet.classes[name];
		if (!settings) return;
		if (world.edit({ ...world.fleet, classes: { ...world.fleet.classes, [name]: { ...settings, accepts } } })) {
			await world.restartPrograms(name);
		}
	},
	sourcing: async (world, { sourcing }) => void world.edit({ ...world.fleet, sourcing }),
	up: async (world) => void (await world.update()),
	refresh: async (world) => {
		for (const failed of await world.stack.refresh()) world.note(`refresh: ${failed}`);
	},
};

function pause(ms: number): Promise<void> {
	return new Promise((done) => setTimeout(done, ms));
}

async function withDevice(world: World, name: string, act: (device: ModelDevice) => Promise<void>): Promise<void> {
	const device = world.devices.get(name);
	if (device) await act(device);
}

async function boot(world: World, device: ModelDevice, clockSeconds = 0): Promise<void> {
	for (const lane of world.ledger.all()) {
		const kept = lane.device !== device.name || CLASSES[lane.class]?.storage !== "memory";
		if (!kept) lane.allowances.push({ why: "kept in memory", from: 0, to: Date.now() });
	}
	try {
		await device.boot({ gated: world.gated, clockSeconds });
	} catch (error) {
		world.fault(`${device.name} does not start: ${(error as Error).message}`);
	}
}

/** What is lost on a device's disk may be commands that it had got. */
function allow(world: World, device: string, why: string, window: { from: number; to: number }): void {
	world.ledger.allow(device, { why, ...window });
	world.ledger.allow(device, { why, from: 0, to: window.to }, "downlink");
}

/** What was stored at the hub alone, and had not reached its device. */
function allowCommands(world: World, why: string, window: { from: number; to: number }): void {
	for (const device of world.devices.keys()) world.ledger.allow(device, { why, ...window }, "downlink");
}

/** @param at thousandths of the newest block */
function flip(store: string, stream: string, at: number): void {
	const folder = streamFolder(store, stream);
	const blocks = folder ? fs.readdirSync(folder).filter((name) => name.endsWith(".blk")) : [];
	const newest = blocks.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).at(-1);
	if (!folder || !newest) return;
	const file = path.join(folder, newest);
	const bytes = fs.readFileSync(file);
	if (bytes.length === 0) return;
	const where = Math.min(bytes.length - 1, Math.floor((bytes.length * at) / 1_000));
	bytes[where] = (bytes[where] ?? 0) ^ 0x10;
	fs.writeFileSync(file, bytes);
}

function copyConsumer(from: string, to: string, stream: string): void {
	const [source, target] = [from, to].map((store) => {
		const messages = streamFolder(store, stream);
		return messages && path.join(messages, "..", "obs", HUB_CONSUMER, "o.dat");
	});
	if (source && target && fs.existsSync(source) && fs.existsSync(path.dirname(target))) fs.copyFileSync(source, target);
}
