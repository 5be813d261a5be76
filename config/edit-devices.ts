import { isScalar, isSeq, parseDocument } from "yaml";
import { expandDevices } from "./devices";

/**
 * Takes a device out of what its group says about its devices, and leaves every other character as it is. A range becomes
 * the two on both sides of it.
 * @returns undefined where it cannot be done so, or nothing would be left: then a person has to write it
 */
export function removeDevice(text: string, group: string, device: string): string | undefined {
	const document = parseDocument(text, { logLevel: "silent" });
	const node = document.errors.length > 0 ? undefined : document.getIn(["groups", group, "devices"], true);
	const scalars = isScalar(node) ? [node] : isSeq(node) ? node.items : [];
	if (!scalars.every(isScalar)) return undefined;
	const before = namesIn(scalars.map(({ value }) => value));
	const found = scalars.find(({ value }) => namesIn([value]).includes(device));
	if (found === undefined || typeof found.value !== "string" || !found.range || before.length < 2) return undefined;
	const left = withoutDevice(found.value, device);
	const [start, end] = found.range;
	const edited = left === "" ? withoutItem(text, start, end) : `${text.slice(0, start)}"${left}"${text.slice(end)}`;
	if (edited === undefined) return undefined;
	const after = parseDocument(edited, { logLevel: "silent" });
	if (after.errors.length > 0) return undefined;
	const names = namesIn([after.toJS()?.groups?.[group]?.devices].flat());
	const wanted = before.filter((name) => name !== device);
	return names.join() === wanted.join() ? edited : undefined;
}

/** What is left of `edge1, truck-[001-250]`. */
function withoutDevice(entry: string, device: string): string {
	const parts = expandDevices(entry).items.flatMap(({ source, names }) => {
		const at = names.indexOf(device);
		if (at < 0) return [source];
		return [names.slice(0, at), names.slice(at + 1)].flatMap((side) => rangeOf(source, side));
	});
	return parts.join(", ");
}

/** Some neighbours of a range, spelled as it is. */
function rangeOf(source: string, names: readonly string[]): string[] {
	const [first, last] = [names[0], names.at(-1)];
	if (first === undefined || last === undefined) return [];
	if (first === last) return [first];
	const [, before = "", after = ""] = /^([^[]*)\[[^\]]*\](.*)$/.exec(source) ?? [];
	const digits = (name: string) => name.slice(before.length, name.length - after.length);
	return [`${before}[${digits(first)}-${digits(last)}]${after}`];
}

/** An entry of a list, with its comma or its line. */
function withoutItem(text: string, start: number, end: number): string | undefined {
	const line = text.lastIndexOf("\n", start - 1) + 1;
	if (/^\s*-\s*$/.test(text.slice(line, start))) {
		const next = text.indexOf("\n", end);
		return text.slice(0, line) + (next < 0 ? "" : text.slice(next + 1));
	}
	const behind = /^\s*,\s*/.exec(text.slice(end));
	if (behind) return text.slice(0, start) + text.slice(end + behind[0].length);
	const ahead = /,\s*$/.exec(text.slice(0, start));
	return ahead ? text.slice(0, start - ahead[0].length) + text.slice(end) : undefined;
}

function namesIn(entries: readonly unknown[]): string[] {
	return expandDevices(entries).items.flatMap(({ names }) => names);
}
