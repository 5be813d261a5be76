import { filterSubjects } from "../config/mqtt-topic";
import type { EdgeClass } from "./model";
import { edgePrefix } from "./names";
import { isSubset } from "./subjects";

/** Where the bridge of a device (`device/mqtt/`) puts what is published on some topics. */
export interface MqttRoute {
	/** Class whose stream must have stored a message before it is acknowledged. */
	readonly class: string;
	/** Patterns of the subjects that the topics become, one slash for each dot. */
	readonly subjects: readonly string[];
	/**
	 * What stands before such a subject when it is published: nothing where the class accepts it as it is, so that other
	 * programs on the device hear it as well; else device and class, under which it is stored in either case.
	 */
	readonly prefix: string;
}

/**
 * The routes of one device: what its classes accept, and what the fleet file gives to a class besides.
 * @param topics class by filter of topics, such as `vehicle/#`
 */
export function mqttRoutes(
	device: string,
	classes: Readonly<Record<string, Pick<EdgeClass, "direction" | "accepts">>>,
	topics: Readonly<Record<string, string>>,
): MqttRoute[] {
	const accepted = Object.entries(classes)
		.filter(([, { direction, accepts }]) => direction === "uplink" && accepts.length > 0)
		.map(([name, { accepts }]) => ({ class: name, subjects: [...accepts], prefix: "" }));
	const given = Object.entries(topics).map(([filter, name]) => {
		const found = filterSubjects(filter);
		return { class: name, subjects: "subjects" in found ? found.subjects : [], prefix: `${edgePrefix(device, name)}.` };
	});
	return [...accepted, ...given];
}

/** The first route that takes a subject. */
export function routeOf(routes: readonly MqttRoute[], subject: string): MqttRoute | undefined {
	return routes.find(({ subjects }) => subjects.some((pattern) => isSubset(subject, pattern)));
}
