import { expandDevices, MOST_DEVICES } from "./devices";
import type { Issue, Path, YamlDocument } from "./document";
import { type Fields, isFields, mapOf } from "./loose";
import { DEVICE, nameProblem } from "./names";
import { show, suggest } from "./words";

/** Where a device was named first. */
interface Owner {
	readonly path: Path;
	readonly source: string;
}

/** Every device is in one group, and what `devices` says is about devices that there are. */
export function checkDevices(file: Fields, document: YamlDocument): Issue[] {
	const issues: Issue[] = [];
	const owners = new Map<string, Owner>();
	const groups = Object.entries(mapOf(file.groups));
	if (isFields(file.groups) && groups.length === 0) {
		const remedy = 'write for example north: { devices: "truck-[001-250]" }';
		issues.push({ path: ["groups"], message: "has no groups", remedy });
	}
	let complete = true;
	for (const [group, value] of groups) {
		const found = checkGroup(group, mapOf(value).devices, owners, document);
		complete &&= found.complete;
		issues.push(...found.issues);
		if (owners.size > MOST_DEVICES) {
			const message = `${owners.size} devices, with the groups before it`;
			return [...issues, { path: ["groups", group], message, remedy: `a fleet has ${MOST_DEVICES} at most` }];
		}
	}
	return [...issues, ...(complete ? checkMembership(file, owners) : []), ...checkKeys(file)];
}

function checkGroup(
	group: string,
	devices: unknown,
	owners: Map<string, Owner>,
	document: YamlDocument,
): { issues: Issue[]; complete: boolean } {
	const base = ["groups", group, "devices"];
	if (typeof devices !== "string" && !Array.isArray(devices)) return { issues: [], complete: false };
	if (devices.length === 0) {
		return {
			issues: [{ path: base, message: "is empty", remedy: "name a device, or take out the group" }],
			complete: true,
		};
	}
	const { items, problems } = expandDevices(devices);
	const issues: Issue[] = problems.map((problem) => ({ ...problem, path: [...base, ...problem.path] }));
	for (const item of items) {
		const path = [...base, ...item.path];
		for (const [first, twice] of claim(owners, item.names, { path, source: item.source })) {
			const what =
				twice.length === 1 ? `${twice[0]} is` : `${twice.length} devices, ${twice[0]} to ${twice.at(-1)}, are`;
			const where = `${show(first.source)} of group ${first.path[1]} (line ${document.locate(first.path).line})`;
			const message = `${what} in ${show(item.source)} and in ${where}`;
			issues.push({ path, message, remedy: "name each device once" });
		}
	}
	return { issues, complete: problems.length === 0 };
}

/** Enters the names under their owner. Gives those that had one, by that one. */
function claim(owners: Map<string, Owner>, names: readonly string[], owner: Owner): Map<Owner, string[]> {
	const twice = new Map<Owner, string[]>();
	for (const name of names) {
		const first = owners.get(name);
		const shared = first && twice.get(first);
		if (shared) shared.push(name);
		else if (first) twice.set(first, [name]);
		else owners.set(name, owner);
	}
	return twice;
}

function checkMembership(file: Fields, owners: ReadonlyMap<string, Owner>): Issue[] {
	const strangers = Object.keys(mapOf(file.devices)).filter((name) => !owners.has(name));
	return strangers.map((name, index) => {
		// Comparing each name with each device takes its time, and nobody reads that many suggestions.
		const known = index < 50 ? [...owners.keys()] : [];
		const remedy = nameProblem(DEVICE, name)?.remedy ?? suggest(name, known, "add it to a group");
		return { path: ["devices", name], message: `${show(name)} is in no group`, remedy, atKey: true };
	});
}

function checkKeys(file: Fields): Issue[] {
	const issues: Issue[] = [];
	const holders = new Map<unknown, string>();
	for (const [name, value] of Object.entries(mapOf(file.devices))) {
		const key = mapOf(value).publicKey;
		const holder = holders.get(key);
		if (key !== undefined && holder !== undefined) {
			const message = `is the key of ${holder} as well`;
			issues.push({ path: ["devices", name, "publicKey"], message, remedy: "give each device a key of its own" });
		}
		holders.set(key, name);
	}
	return issues;
}
