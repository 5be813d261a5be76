import { edgePrefix } from "../../../topology/names";
import type { Rule } from "../../model";
import { complies, isFullyKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";

export const subjectIdsComeLate: Rule = {
	name: "subject-ids-come-late",
	area: "streams",
	title: "Tokens with many values stand at the end of a subject",
	severity: "advisory",
	why:
		"The device stands first, because isolation is by device. Within the class's part a token that varies (*) before " +
		"one that is fixed makes a branch for each value in the server's index of subjects, and filters, permissions and " +
		"imports of what is fixed need a wildcard before it.",
	remedy:
		"put the tokens that vary behind those that are fixed, for example vehicle.speed.* instead of vehicle.*.speed",
	neighbours: [
		"NATS documentation, Subject-Based Messaging: first tokens for the name space, last tokens for identifiers (https://docs.nats.io/nats-concepts/subjects)",
	],
	example: {
		fails: "classes:\n  can: { accepts: vehicle.*.speed }\n",
		complies: "classes:\n  can: { accepts: vehicle.speed.* }\n",
		language: "yaml",
	},
	check: eachStream(({ origin, side, class: name, domain, config: { subjects } }) => {
		if (side !== "edge" || (isFullyKnown(subjects) && (subjects ?? []).length === 0)) {
			return undefined;
		}
		if (!isFullyKnown(subjects)) {
			return unknown(origin, `subjects of ${origin.label}`);
		}
		const prefix = typeof domain === "string" && name !== undefined ? `${edgePrefix(domain, name)}.` : "";
		const early = (subjects ?? []).find((subject) => {
			const own = subject.startsWith(prefix) ? subject.slice(prefix.length) : subject;
			return /(^|\.)\*\.(.*\.)?[^*>.]/.test(own);
		});
		return early === undefined
			? complies(origin)
			: violates(
					origin,
					`${origin.label} captures ${early}, where a token that varies stands before a fixed one: filters and the index of subjects grow with it`,
				);
	}),
};
