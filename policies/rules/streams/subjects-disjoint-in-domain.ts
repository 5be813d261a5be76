import { type SubjectIndex, subjectIndex } from "../../../topology/subject-index";
import type { Outcome, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { flowOf } from "./flow";
import { captured } from "./stored";

export const subjectsDisjointInDomain: Rule = {
	name: "subjects-disjoint-in-domain",
	area: "streams",
	title: "No message belongs to two streams of one domain",
	severity: "mandatory",
	why:
		"The server refuses a stream whose subjects overlap another one's in the same domain (error 10065), but only when " +
		"it is made: half of a deployment is done by then. And whichever of the two exists first takes the other one's messages.",
	remedy: "make the subjects disjoint, or let one stream capture them all",
	example: {
		fails: "- { name: edge1_can, subjects: [edge1.can.>] }\n- { name: edge1_all, subjects: [edge1.>] }\n",
		complies: "- { name: edge1_can, subjects: [edge1.can.>] }\n- { name: edge1_gps, subjects: [edge1.gps.>] }\n",
		language: "yaml",
	},
	check(design) {
		const indexes = new Map<string, SubjectIndex<string>>();
		return flowOf(design).streams.flatMap(({ origin, domain, config }, i): Outcome[] => {
			const subjects = captured(config);
			if (!isKnown(subjects) || !isKnown(domain)) {
				return [unknown(origin, `${isKnown(domain) ? "subjects" : "domain"} of ${origin.label}`)];
			}
			const index = indexes.get(domain) ?? subjectIndex<string>();
			indexes.set(domain, index);
			const found = subjects.flatMap((subject): Outcome[] => {
				const other = index.conflict(subject, String(i));
				index.add(subject, String(i), origin.label);
				return other === undefined
					? []
					: [
							violates(
								origin,
								`${origin.label} captures ${subject}, which overlaps ${other.subject} of ${other.value}: ` +
									"the server refuses to make the second of the two",
							),
						];
			});
			return found.length > 0 || subjects.length === 0 ? found : [complies(origin)];
		});
	},
};
