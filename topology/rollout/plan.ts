import { type Fields, Malformed, reader } from "./read";

/**
 * What a rollout is to do, decided once when it starts and never changed: who comes in which wave. With `Current`
 * (`current.ts`) and what the buckets say of each device it is all that goes on from, on whatever machine.
 */
export interface Plan {
	readonly version: 1;
	/** Of this rollout, and of every order of it. */
	readonly rollout: string;
	readonly release: number;
	/** Names of devices; nobody is in two, and nobody in none. */
	readonly waves: readonly (readonly string[])[];
	/** Devices by site, a group of the fleet file. */
	readonly sites: Readonly<Record<string, readonly string[]>>;
	/** Failures that are tolerated over the whole rollout. */
	readonly threshold: number;
	/** Between the end of a wave and the beginning of the next, in ms. */
	readonly pauseMs: number;
	/** Devices of a site that may be under way at once. Absent for any number. */
	readonly perSite?: number;
	/** Whether each wave waits for `rollout go`. */
	readonly approve: boolean;
	/** A device that was told and is neither good nor back after this has failed, in ms. */
	readonly withinMs: number;
	/** `order` of the orders that `ready.<device>` holds; those that end the rollout are higher. */
	readonly order: number;
	/** Where what the release has in common with others lies: SHA-256 of its files, for what may be cleared up. */
	readonly parts: readonly string[];
}

export function planValue(plan: Plan): string {
	return JSON.stringify(plan);
}

/** @throws Malformed */
export function readPlan(value: Uint8Array | string): Plan {
	const fields = reader("rollout.plan", value);
	if (fields.whole("version") !== 1) throw new Malformed("the rollout was begun by a newer leafline");
	return {
		version: 1,
		rollout: fields.text("rollout", 100),
		release: fields.whole("release"),
		waves: fields.lists("waves"),
		sites: sitesOf(fields.map("sites")),
		threshold: fields.whole("threshold"),
		pauseMs: fields.whole("pauseMs"),
		...(fields.has("perSite") && { perSite: fields.whole("perSite") }),
		approve: fields.yes("approve"),
		withinMs: fields.whole("withinMs"),
		order: fields.whole("order"),
		parts: fields.list("parts"),
	};
}

function sitesOf(sites: Fields): Record<string, string[]> {
	return Object.fromEntries(sites.names().map((name) => [name, sites.list(name)]));
}

/** How big a wave is: so many devices, or a part of all of them; of all that have come up to and with it. */
export type WaveSize = { readonly devices: number } | { readonly percent: number };

/** Reads `1,10%,100%`. @returns undefined for a text that is no list of growing sizes */
export function waveSizes(text: string): WaveSize[] | undefined {
	const sizes = text.split(",").map((part): WaveSize | undefined => {
		const [, number = "", percent] = /^\s*(\d{1,7})(%)?\s*$/.exec(part) ?? [];
		const value = Number(number);
		if (number === "" || value < 1 || (percent && value > 100)) return undefined;
		return percent ? { percent: value } : { devices: value };
	});
	return sizes.every((size) => size !== undefined) ? sizes : undefined;
}

/**
 * Puts devices into waves, each site in turn, so that no wave is all of one site. What the sizes leave over is a last wave.
 * A size that is no more than the one before makes no wave.
 * @param sites of every device that is to be updated
 */
export function wavesOf(sites: Readonly<Record<string, readonly string[]>>, sizes: readonly WaveSize[]): string[][] {
	const devices = inTurn(
		Object.keys(sites)
			.sort()
			.map((site) => [...(sites[site] ?? [])].sort()),
	);
	const waves: string[][] = [];
	let begin = 0;
	for (const size of [...sizes, { percent: 100 }]) {
		const wanted = "devices" in size ? size.devices : Math.ceil((devices.length * size.percent) / 100);
		const end = Math.min(devices.length, Math.max(begin, wanted));
		if (end > begin) waves.push(devices.slice(begin, end));
		begin = end;
	}
	return waves;
}

function inTurn(lists: readonly (readonly string[])[]): string[] {
	const all: string[] = [];
	for (let i = 0; lists.some((list) => i < list.length); i++) {
		for (const list of lists) {
			const name = list[i];
			if (name !== undefined) all.push(name);
		}
	}
	return all;
}
