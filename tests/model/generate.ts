import { CLASSES, DEVICES } from "./fleet";
import { type Random, seeded } from "./random";
import type { Kind, Scenario, Step } from "./steps";

export interface GenerateOptions {
	/** Steps of a scenario. @default 16 */
	readonly steps?: number;
	/** @default 1, and now and then 3 */
	readonly nodes?: 1 | 3;
	/** Kinds of steps that are left out. */
	readonly without?: readonly Kind[];
}

/** The more often the greater; what goes on under all of it is traffic, so time and bursts are frequent. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
	wait: 10,
	burst: 10,
	poison: 2,
	link: 12,
	kill: 5,
	restart: 2,
	"power-cut": 8,
	image: 3,
	restore: 3,
	wipe: 2,
	flip: 2,
	clock: 1,
	"full-disk": 2,
	"delete-stream": 1,
	"delete-consumer": 3,
	"reset-consumer": 2,
	"old-consumer-state": 2,
	"kill-hub": 5,
	"hub-full-disk": 2,
	"hub-power-cut": 4,
	"hub-image": 2,
	"hub-restore": 2,
	"replace-node": 2,
	"step-down": 3,
	"purge-hub": 2,
	"delete-hub-stream": 1,
	"add-device": 4,
	retire: 2,
	"remove-device": 2,
	"add-class": 2,
	accepts: 2,
	sourcing: 2,
	up: 8,
	refresh: 3,
};
const CLUSTER_ONLY: readonly Kind[] = ["replace-node", "step-down"];
const ONE_IN_THREE_NODES = 4;
const STEPS = 16;

/** The same seed and options give the same scenario. */
export function generate(seed: number, options: GenerateOptions = {}): Scenario {
	const random = seeded(seed);
	// Drawn in any case: what follows is the same whoever says how many.
	const drawn = random.between(1, ONE_IN_THREE_NODES) === 1 ? 3 : 1;
	const nodes = options.nodes ?? drawn;
	const devices = DEVICES.slice(0, random.between(2, 3));
	const classes = ["can", ...["alarm", "log", "debug"].filter(() => random.between(0, 2) > 0)];
	const sourcing = random.between(1, 5) === 1 ? "ephemeral" : "durable";
	const downlink = sourcing === "durable" && random.between(0, 1) === 1;
	const left = new Set([...(options.without ?? []), ...(nodes === 1 ? CLUSTER_ONLY : [])]);
	if (downlink) left.add("sourcing");
	const weights = Object.fromEntries(Object.entries(WEIGHTS).filter(([kind]) => !left.has(kind as Kind)));
	const length = options.steps ?? STEPS;
	const known: Known = { devices: new Set(devices), classes: new Set(classes) };
	const steps = Array.from({ length }, () => step(random, random.weighted<Kind>(weights), nodes, known));
	return { seed, nodes, sourcing, devices, classes, downlink, steps };
}

/** What was in the fleet at some time: most steps are about that. */
interface Known {
	readonly devices: Set<string>;
	readonly classes: Set<string>;
}

function step(random: Random, kind: Kind, nodes: number, known: Known): Step {
	if (kind === "add-device") {
		const device = random.pick(DEVICES);
		known.devices.add(device);
		return { do: kind, device };
	}
	if (kind === "add-class") {
		const name = random.pick(Object.keys(CLASSES));
		known.classes.add(name);
		return { do: kind, class: name };
	}
	const device = random.pick([...known.devices]);
	const name = random.pick([...known.classes]);
	const node = random.between(0, nodes - 1);
	const ms = random.pick([0, 300, 1_500]);
	switch (kind) {
		case "wait":
			return { do: kind, ms: random.pick([200, 1_000, 3_000]) };
		case "burst":
			return { do: kind, device, class: name, messages: random.pick([300, 2_000, 12_000]) };
		case "poison":
			return { do: kind, device, class: name, bytes: random.pick([1_000, 60_000, 65_400, 65_500, 70_000]) };
		case "link":
			return { do: kind, device, mode: random.pick(["up", "cut", "cut", "half-open"] as const) };
		case "image":
			return { do: kind, device, clean: random.between(0, 1) === 1 };
		case "flip":
			return { do: kind, device, class: name, at: random.between(0, 999) };
		case "clock":
			return { do: kind, device, seconds: random.pick([-30 * 86_400, -3_600, 3_600, 30 * 86_400]) };
		case "reset-consumer":
			return { do: kind, device, class: name, back: random.pick([1, 100, 5_000]) };
		case "accepts":
			return { do: kind, class: name, accepts: `${random.pick(["vehicle", "alarm", "log", "trip", "other"])}.>` };
		case "retire":
			return { do: kind, device, how: random.pick(["drain", "drain", "lost"] as const) };
		case "sourcing":
			return { do: kind, sourcing: random.pick(["durable", "ephemeral"] as const) };
		case "kill":
			return { do: kind, device, ms };
		case "full-disk":
			return { do: kind, device, ms: random.pick([1_500, 6_000]) };
		case "kill-hub":
			return { do: kind, node, ms };
		case "hub-full-disk":
			return { do: kind, node, ms: random.pick([1_500, 6_000]) };
		case "replace-node":
			return { do: kind, node };
		case "step-down":
		case "purge-hub":
		case "delete-hub-stream":
			return { do: kind, class: name };
		case "delete-stream":
		case "delete-consumer":
		case "old-consumer-state":
			return { do: kind, device, class: name };
		case "restart":
		case "power-cut":
		case "restore":
		case "wipe":
		case "remove-device":
			return { do: kind, device };
		default:
			return { do: kind };
	}
}
