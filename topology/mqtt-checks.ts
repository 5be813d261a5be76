import type { Fleet } from "../config/model";
import { filterSubjects } from "../config/mqtt-topic";
import type { Problem } from "./model";
import { overlaps } from "./subjects";

/** Topics that would belong to two classes, and ports that the device's server has. */
export function mqttProblems(fleet: Fleet): Problem[] {
	return Object.keys(fleet.groups).flatMap((group) => [...sharedTopics(fleet, group), ...sharedPort(fleet, group)]);
}

function sharedTopics({ groups, classes }: Fleet, group: string): Problem[] {
	const { topics = {} } = groups[group]?.mqtt ?? {};
	const accepted = Object.entries(classes).map(([name, { accepts }]) => ({ name, of: "class", subjects: accepts }));
	const given = Object.entries(topics).map(([filter, name]) => {
		const found = filterSubjects(filter);
		return { name, filter, subjects: "subjects" in found ? found.subjects : [] };
	});
	return given.flatMap(({ name, filter, subjects }, index): Problem[] => {
		const others = [...accepted, ...given.slice(0, index)];
		const other = others.find(
			(each) => each.name !== name && each.subjects.some((a) => subjects.some((b) => overlaps(a, b))),
		);
		if (!other) return [];
		const theirs = "filter" in other ? `topic ${other.filter}` : `what class ${other.name} accepts`;
		return [
			{
				document: "fleet",
				path: ["groups", group, "mqtt", "topics", filter],
				message: `${filter} overlaps ${theirs}: a message would belong to both ${other.name} and ${name}`,
				remedy: "give each topic to one class",
			},
		];
	});
}

function sharedPort({ groups, hardware }: Fleet, group: string): Problem[] {
	const { mqtt, hardware: kind = "" } = groups[group] ?? {};
	if (mqtt === undefined || mqtt.port !== hardware[kind]?.clientPort) return [];
	const message = `${mqtt.port} is the port of the device's server (clientPort of ${kind})`;
	return [
		{ document: "fleet", path: ["groups", group, "mqtt", "port"], message, remedy: "choose another, 1883 is usual" },
	];
}
