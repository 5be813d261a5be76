import { DEVICE, nameProblem } from "./names";
import { show } from "./words";

/** One entry of `devices:`, expanded. */
export interface DeviceItem {
	/** As it was written: `truck-[001-250]`. */
	readonly source: string;
	/** Where it stands under the group's `devices`: empty for a text, an index for a list. */
	readonly path: readonly number[];
	readonly names: readonly string[];
}

export interface DeviceProblem {
	readonly path: readonly number[];
	readonly message: string;
	readonly remedy: string;
}

/** A guard against `[1-999999999]`; real fleets are far smaller, and are split into cells before that. */
export const MOST_DEVICES = 100_000;

/**
 * Expands what a group says about its devices: a text or a list of texts, each with names and ranges between commas
 * (`edge1, truck-[001-250]`). A range counts with as many digits as its ends are written with.
 */
export function expandDevices(input: unknown): { items: DeviceItem[]; problems: DeviceProblem[] } {
	const items: DeviceItem[] = [];
	const problems: DeviceProblem[] = [];
	let count = 0;
	const entries = Array.isArray(input)
		? input.map((text, index) => ({ text, path: [index] }))
		: [{ text: input, path: [] }];
	for (const { text, path } of entries) {
		if (typeof text !== "string") {
			problems.push({ path, message: `${show(text)} is not a text`, remedy: 'write for example "truck-[001-250]"' });
			continue;
		}
		const parts = text.split(",").map((part) => part.trim());
		if (parts.includes("")) {
			const remedy = parts.length > 1 ? "take out the comma, or name the device" : "name one, for example truck-001";
			problems.push({ path, message: `a name is missing in ${show(text)}`, remedy });
		}
		for (const source of parts.filter((part) => part !== "")) {
			const expanded = expandRange(source);
			if ("message" in expanded) problems.push({ path, ...expanded });
			else items.push({ source, path, names: expanded.names });
			count += "message" in expanded ? 0 : expanded.names.length;
			if (count <= MOST_DEVICES) continue;
			problems.push({ path, message: `has more than ${MOST_DEVICES} devices`, remedy: "split the fleet" });
			return { items, problems };
		}
	}
	return { items, problems };
}

function expandRange(source: string): { names: string[] } | { message: string; remedy: string } {
	const range = /^([^[\]]*)\[(\d+)-(\d+)\]([^[\]]*)$/.exec(source);
	if (!range) {
		if (!/[[\]]/.test(source)) return named([source]);
		return { message: `${show(source)} is not a range`, remedy: "write one range a name, for example truck-[001-250]" };
	}
	const [, before = "", first = "", last = "", after = ""] = range;
	// Serial numbers have more digits than JavaScript's numbers hold.
	const [from, to] = [BigInt(first), BigInt(last)];
	const padded = first.length > 1 && first.startsWith("0");
	if ((padded || last.startsWith("0")) && first.length !== last.length) {
		const width = Math.max(first.length, last.length);
		const remedy = `write [${first.padStart(width, "0")}-${last.padStart(width, "0")}]`;
		return { message: `${show(source)} has ends of ${first.length} and ${last.length} digits`, remedy };
	}
	if (from > to) return { message: `${show(source)} counts down`, remedy: `write [${last}-${first}]` };
	if (to - from >= BigInt(MOST_DEVICES)) {
		return {
			message: `${show(source)} is a range of ${to - from + 1n} devices`,
			remedy: `use at most ${MOST_DEVICES}`,
		};
	}
	const width = padded ? first.length : 0;
	return named(
		Array.from(
			{ length: Number(to - from) + 1 },
			(_, index) => `${before}${String(from + BigInt(index)).padStart(width, "0")}${after}`,
		),
	);
}

/** All names of a range look alike: the last one, which is the longest, stands for them. */
function named(names: string[]): { names: string[] } | { message: string; remedy: string } {
	const last = names.at(-1);
	return (last === undefined ? undefined : nameProblem(DEVICE, last)) ?? { names };
}
