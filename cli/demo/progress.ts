import type { LeaflineOutput } from "../../contract/outputs";
import type { EdgeFacts, Facts } from "../fleet/seen";
import { fleetState } from "../fleet/state";
import type { TrafficRow } from "../status/view";

/** How far the demo is, from what was seen. Pure. */

export interface Progress extends TrafficRow {
	/** Messages of the class that the device holds and the hub has not got, whoever published them. */
	readonly missing: number;
}

export interface DemoStart {
	readonly devices: readonly string[];
	/** Messages that each of them publishes. */
	readonly messages: number;
	/** Version of the hub's nats-server. */
	readonly version: string;
}

/** What the demo tells while it runs. */
export interface DemoEvents {
	start(about: DemoStart): void;
	/** The link was cut or restored after so many messages of its device. */
	link(device: string, mode: "up" | "cut", published: number): void;
	progress(rows: readonly Progress[]): void;
	/** After how many milliseconds the hub had everything; undefined if it never did. */
	caughtUp(device: string, ms: number | undefined): void;
}

/** `before` are the devices' answers before the first message, `published` the acknowledged messages since. */
export function progressOf(
	outputs: LeaflineOutput,
	facts: Facts,
	before: Readonly<Record<string, EdgeFacts>>,
	trafficClass: string,
	published: Readonly<Record<string, number>>,
): Progress[] {
	const state = new Map(fleetState(outputs, facts, before).devices.map((it) => [it.device, it]));
	return Object.entries(published).flatMap(([device, count]) => {
		const seen = state.get(device);
		if (!seen) return [];
		const hubStream = outputs.devices[device]?.hubStreams[trafficClass] ?? "";
		const copied = facts.hub[hubStream]?.sources[device]?.seq ?? 0;
		const base = before[device]?.streams[trafficClass]?.lastSeq ?? 0;
		const last = facts.edges[device]?.streams[trafficClass]?.lastSeq;
		return [
			{
				device,
				link: seen.link,
				published: count,
				// Others may publish as well: more than was published by us is not ours.
				onHub: Math.min(count, Math.max(0, copied - base)),
				...(seen.buffer && { buffer: seen.buffer }),
				missing: last === undefined ? Number.POSITIVE_INFINITY : Math.max(0, last - copied),
			},
		];
	});
}

/** True when the hub has every message of every device. */
export function caughtUp(rows: readonly Progress[]): boolean {
	return rows.every(({ missing, onHub, published }) => missing === 0 && onHub >= published);
}
