import type { Issue } from "./document";
import { type Fields, mapOf } from "./loose";
import { filterSubjects } from "./mqtt-topic";
import { CLASS } from "./names";
import { show, suggest } from "./words";

/** What `mqtt` of a group has to do with the rest of the fleet file. Overlaps of topics are found by `topology/`. */
export function checkMqtt(file: Fields): Issue[] {
	return Object.entries(mapOf(file.groups)).flatMap(([group, value]) =>
		Object.entries(mapOf(mapOf(mapOf(value).mqtt).topics)).flatMap(([filter, name]) =>
			checkTopics(file, ["groups", group, "mqtt", "topics", filter], filter, name),
		),
	);
}

function checkTopics(file: Fields, path: readonly string[], filter: string, name: unknown): Issue[] {
	const found = filterSubjects(filter);
	if (!("subjects" in found)) {
		return [{ path, message: `topic ${show(filter)} ${found.message}`, remedy: found.remedy, atKey: true }];
	}
	if (typeof name !== "string" || !CLASS.form.test(name)) return [];
	const classes = Object.keys(mapOf(file.classes));
	if (classes.includes(name)) return [];
	if (Object.hasOwn(mapOf(file.downlink), name)) {
		return [{ path, message: `${show(name)} goes to the devices`, remedy: "name one of classes" }];
	}
	const remedy = suggest(name, classes, "there are none");
	return [{ path, message: `${show(name)} is no class of this fleet`, remedy }];
}
