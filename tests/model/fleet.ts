/** The fleet of a model's run, as data that steps edit, and as the text that a user would write. */

export interface ModelClass {
	readonly accepts: string;
	readonly whenFull: "refuse" | "drop-oldest";
	readonly priority?: "high";
	/** What it holds is gone when the device's server starts again. @default "file" */
	readonly storage?: "memory";
}

export interface ModelFleet {
	readonly devices: Readonly<Record<string, "in service" | "drain" | "lost">>;
	readonly classes: Readonly<Record<string, ModelClass>>;
	readonly sourcing: "durable" | "ephemeral";
	readonly downlink: boolean;
}

/** How often a device's server writes to disk: what a power cut may take, stated before. */
export const SYNC_MS = 250;

/** Payload of every message that counts, so that a buffer of a few MiB can be filled. */
export const MESSAGE_BYTES = 512;

/** Of all classes that a model can have; the subject that a program publishes on follows from `accepts`. */
export const CLASSES: Readonly<Record<string, ModelClass>> = {
	can: { accepts: "vehicle.>", whenFull: "refuse" },
	alarm: { accepts: "alarm.>", whenFull: "refuse", priority: "high" },
	log: { accepts: "log.>", whenFull: "drop-oldest" },
	trip: { accepts: "trip.>", whenFull: "refuse" },
	debug: { accepts: "debug.>", whenFull: "drop-oldest", storage: "memory" },
};

export const DOWNLINK = "commands";

export const DEVICES = ["edge1", "edge2", "edge3", "edge4"] as const;

/** YAML as JSON: every JSON text is one. */
export function fleetText({ devices, classes, sourcing, downlink }: ModelFleet): string {
	// No plan has a class that refuses without durable sourcing.
	const whenFull = sourcing === "ephemeral" ? { whenFull: "drop-oldest" } : {};
	const retired = Object.entries(devices).filter(([, service]) => service !== "in service");
	return JSON.stringify({
		apiVersion: "leafline/v1",
		fleet: "model",
		hardware: { board: { arch: "amd64", buffer: "16MiB", sync: `${SYNC_MS}ms` } },
		link: { up: "20Mbit/s", rtt: "5ms", outage: "10s" },
		classes: Object.fromEntries(
			Object.entries(classes).map(([name, settings]) => [
				name,
				{ rate: "40/s", size: `${MESSAGE_BYTES}B`, ...settings, ...whenFull, hub: { keep: "1h" } },
			]),
		),
		...(downlink && { downlink: { [DOWNLINK]: { keep: "1h", size: "1KiB" } } }),
		groups: { all: { devices: Object.keys(devices), hardware: "board" } },
		...(retired.length > 0 && { devices: Object.fromEntries(retired.map(([name, how]) => [name, { retired: how }])) }),
	});
}

/** What a program publishes on. */
export function subjectOf({ accepts }: ModelClass): string {
	return accepts.replace(">", "x");
}
