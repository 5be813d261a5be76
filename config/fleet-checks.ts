import { checkDevices } from "./device-checks";
import type { Issue, YamlDocument } from "./document";
import { type Fields, mapOf } from "./loose";
import { checkMqtt } from "./mqtt-checks";
import { CLASS, CONSUMER, FLEET, GROUP, HARDWARE, type NameRule, nameProblem } from "./names";
import { filterProblem } from "./subject";
import { show, suggest } from "./words";

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
		...checkMqtt(file),
		...checkDevices(file, document),
		...checkSigningKey(file),
	];
}

function checkSigningKey(file: Fields): Issue[] {
	const { rotation, end } = mapOf(file.signingKey);
	if (typeof rotation !== "number" || typeof end !== "number" || end <= rotation) return [];
	const message = `${show(end)} would end the key that signs now, which is that of rotation ${rotation}`;
	return [{ path: ["signingKey", "end"], message, remedy: `write ${rotation} to end all before it, or leave it out` }];
}

function checkNames(file: Fields): Issue[] {
	const tooLong = typeof file.fleet === "string" && FLEET.form.test(file.fleet) && nameProblem(FLEET, file.fleet);
	const rules: [string, NameRule][] = [
		["hardware", HARDWARE],
		["classes", CLASS],
		["downlink", CLASS],
		["consumers", CONSUMER],
		["groups", GROUP],
	];
	const issues: Issue[] = tooLong ? [{ path: ["fleet"], ...tooLong }] : [];
	const inMaps = rules.flatMap(([part, rule]) =>
		Object.keys(mapOf(file[part])).flatMap((name) => {
			const problem = nameProblem(rule, name);
			return problem ? [{ path: [part, name], ...problem, atKey: true }] : [];
		}),
	);
	return [...issues, ...inMaps];
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
		if (start !== undefined && typeof fields.deliver === "string" && fields.deliver !== "by-start-time") {
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
