import { edgeSubjects } from "../../../topology/names";
import { isSubset } from "../../../topology/subjects";
import type { Rule } from "../../model";
import { complies, isFullyKnown, isKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";
import { stored } from "./stored";

export const edgeSubjectsUnderDevicePrefix: Rule = {
	name: "edge-subjects-under-device-prefix",
	area: "streams",
	title: "A device stores everything under its own name",
	severity: "mandatory",
	why:
		"The hub stores what a device's stream holds, whatever its subject: a device whose stream captures truck2.can.> " +
		"speaks for truck2 (tried on nats-server 2.15.2). Isolation, permissions and readers' filters all go by the first token.",
	remedy: "capture <device>.<class>.>, and other subjects with a subject_transform to <device>.<class>.<subject>",
	example: {
		fails: "# on edge1\nname: edge1_can\nsubjects: [edge1.can.>, vehicle.>]\n",
		complies:
			"# on edge1\nname: edge1_can\nsubjects: [edge1.can.>, vehicle.>]\nsubject_transform: { src: vehicle.>, dest: edge1.can.vehicle.> }\n",
		language: "yaml",
	},
	check: eachStream(({ origin, side, domain, class: name, config }) => {
		const { subjects, subject_transform: transform } = config;
		if (side !== "edge" || (isFullyKnown(subjects) && (subjects ?? []).length === 0)) {
			return undefined;
		}
		if (!isFullyKnown(subjects) || !isFullyKnown(transform) || !isKnown(domain)) {
			return unknown(origin, `subjects of ${origin.label}`);
		}
		const prefix = name === undefined ? `${domain}.>` : edgeSubjects(domain, name);
		const astray = (subjects ?? [])
			.flatMap((subject) => stored(subject, transform))
			.find((each) => !isSubset(each, prefix));
		return astray === undefined
			? complies(origin)
			: violates(
					origin,
					`${origin.label} stores ${astray}, which is not under ${prefix}: the hub takes it for another's`,
				);
	}),
};
