import { expandDevices } from "./devices";
import type { Issue, Path, YamlDocument } from "./document";
import { CLASS, CONSUMER, DEVICE, GROUP, HARDWARE, type NameRule, nameProblem, suggest } from "./names";
import { filterProblem } from "./subject";
import { show } from "./units";

/**
 * What the parts of a fleet file have to do with each other. These checks read the file as it was written, and not what
 * the schema made of it, so that they find their mistakes also where the schema has found others.
 */
export function checkFleet(document: YamlDocument): Issue[] {
	const file = mapOf(document.value);
	return [
		...checkNames(file),
		...checkClasses(file),
		...checkConsumers(file),
		...checkHardware(file),
		...checkDevices(file, document),
	];
}

function checkNames(file: Fields): Issue[] {
	const rules: [string, NameRule][] = [
		["hardware", HARDWARE],
		["classes", CLASS],
		["downlink", CLASS],
		["consumers", CONSUMER],
		["groups", GROUP],
	];
	return rules.flatMap(([part, rule]) =>
		Object.keys(mapOf(file[part])).flatMap((name) => {
			const problem = nameProblem(rule, name);
			return problem ? [{ path: [part, name], ...problem, atKey: true }] : [];
		}),
	);
}

function checkClasses(file: Fields): Issue[] {
	const issues: Issue[] = [];
	for (const [name, value] of Object.entries(mapOf(file.classes))) {
		const fields = mapOf(value);
		if (fields.maxAge !== undefined && fields.whenFull === "refuse") {
			const message = `${show(fields.maxAge)} would delete messages of a class that refuses to lose any, should a clock be wrong`;
			issues.push({
				path: ["classes", name, "maxAge"],
				message,
				remedy: "leave it out, or write whenFull: drop-oldest",
			});
		}
		if (Object.hasOwn(mapOf(file.downlink), name)) {
			const message = `${show(name)} is the name of a class in classes as well`;
			issues.push({
				path: ["downlink", name],
				message,
				remedy: "choose another name, for both make stream hub_<class>",
				atKey: true,
			});
		}
	}
	return issues;
}

function checkConsumers(file: Fields): Issue[] {
	const classes = Object.keys(mapOf(file.classes));
	return Object.entries(mapOf(file.consumers)).flatMap(([name, value]) => {
		const issues: Issue[] = [];
		const fields = mapOf(value);
		const report = (field: string, message: string, remedy: string) => {
			issues.push({ path: ["consumers", name, field], message, remedy });
		};
		const [className, filter, start] = [fields.class, fields.filter, fields.startTime];
		if (typeof className === "string" && CLASS.form.test(className) && !classes.includes(className)) {
			if (Object.hasOwn(mapOf(file.downlink), className)) {
				report("class", `${show(className)} goes to the devices`, "read one of classes");
			} else
				report("class", `${show(className)} is no class of this fleet`, suggest(className, classes, "there are none"));
		} else if (typeof filter === "string" && typeof className === "string") {
			const problem = filterProblem(filter, className);
			if (problem) report("filter", problem.message, problem.remedy);
		}
		if (start !== undefined && fields.deliver !== "by-start-time") {
			report(
				"startTime",
				`${show(start)} has no meaning with deliver: ${fields.deliver}`,
				"write deliver: by-start-time",
			);
		}
		if (start === undefined && fields.deliver === "by-start-time") {
			report("startTime", "is missing", "write for example 2026-01-31T00:00:00Z");
		}
		return issues;
	});
}

function checkHardware(file: Fields): Issue[] {
	const known = Object.keys(mapOf(file.hardware));
	return Object.entries(mapOf(file.groups)).flatMap(([group, value]): Issue[] => {
		const path = ["groups", group, "hardware"];
		const name = mapOf(value).hardware;
		if (name === undefined && known.length > 1) {
			return [{ path, message: "is missing, and there is more than one", remedy: `write one of ${known.join(", ")}` }];
		}
		if (typeof name !== "string" || !HARDWARE.form.test(name) || known.includes(name)) return [];
		return [
			{
				path,
				message: `${show(name)} is not in hardware`,
				remedy: suggest(name, known, "add it there, or leave this out"),
			},
		];
	});
}

function checkDevices(file: Fields, document: YamlDocument): Issue[] {
	const issues: Issue[] = [];
	/** Where each device was named first. */
	const owners = new Map<string, { path: Path; source: string }>();
	const groups = Object.entries(mapOf(file.groups));
	if (file.groups !== undefined && groups.length === 0 && isMap(file.groups)) {
		issues.push({
			path: ["groups"],
			message: "has no groups",
			remedy: 'write for example north: { devices: "truck-[001-250]" }',
		});
	}
	for (const [group, value] of groups) {
		const devices = mapOf(value).devices;
		if (typeof devices !== "string" && !Array.isArray(devices)) continue;
		const { items, problems } = expandDevices(devices);
		const base = ["groups", group, "devices"];
		for (const problem of problems) issues.push({ ...problem, path: [...base, ...problem.path] });
		if (Array.isArray(devices) && devices.length === 0) {
			issues.push({ path: base, message: "is an empty list", remedy: "name a device, or take out the group" });
		}
		for (const item of items) {
			const path = [...base, ...item.path];
			for (const [first, twice] of claim(owners, item.names, { path, source: item.source })) {
				const what =
					twice.length === 1 ? `${twice[0]} is` : `${twice.length} devices, ${twice[0]} to ${twice.at(-1)}, are`;
				const where = `${show(first.source)} of group ${first.path[1]} (line ${document.locate(first.path).line})`;
				issues.push({
					path,
					message: `${what} in ${show(item.source)} and in ${where}`,
					remedy: "name each device once",
				});
			}
		}
	}
	return [...issues, ...checkOverrides(file, owners)];
}

/** Enters the names under their owner. Gives those that had one, by that one. */
function claim<T>(owners: Map<string, T>, names: readonly string[], owner: T): Map<T, string[]> {
	const twice = new Map<T, string[]>();
	for (const name of names) {
		const first = owners.get(name);
		if (first === undefined) owners.set(name, owner);
		else twice.set(first, [...(twice.get(first) ?? []), name]);
	}
	return twice;
}

function checkOverrides(file: Fields, owners: ReadonlyMap<string, unknown>): Issue[] {
	const issues: Issue[] = [];
	const keys = new Map<unknown, string>();
	for (const [name, value] of Object.entries(mapOf(file.devices))) {
		if (!owners.has(name)) {
			const remedy = nameProblem(DEVICE, name)?.remedy ?? suggest(name, [...owners.keys()], "add it to a group");
			issues.push({ path: ["devices", name], message: `${show(name)} is in no group`, remedy, atKey: true });
		}
		const key = mapOf(value).publicKey;
		const other = keys.get(key);
		if (key !== undefined && other !== undefined) {
			const path = ["devices", name, "publicKey"];
			issues.push({ path, message: `is the key of ${other} as well`, remedy: "give each device a key of its own" });
		}
		keys.set(key, name);
	}
	return issues;
}

type Fields = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing where there is no map: the schema says so. */
function mapOf(value: unknown): Fields {
	return isMap(value) ? value : {};
}
