import { type SubjectIndex, subjectIndex } from "../../../topology/subject-index";
import type { Design, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";
import { flowOf } from "./flow";
import { deliveredTo } from "./sourcing";
import { captured } from "./stored";

export const deliveryIsNotCaptured: Rule = {
	name: "delivery-is-not-captured",
	area: "streams",
	title: "No stream captures what is on its way from a stream to another one",
	severity: "mandatory",
	why:
		"What a source is sent travels on ordinary subjects. A stream that captures them (deliver.>, or simply >) " +
		"stores every message in transit once more, and if it is the origin itself, delivers that again, without end.",
	remedy: "capture narrower subjects, which do not take in deliver.> and dl.>",
	example: {
		fails: "name: audit\nsubjects: ['>']\n",
		complies: "name: audit\nsubjects: [audit.>]\n",
		language: "yaml",
	},
	check(design, config) {
		const deliveries = deliveryIndex(design);
		return eachStream(({ origin, config }) => {
			const subjects = captured(config);
			if (!isKnown(subjects)) {
				return unknown(origin, `subjects of ${origin.label}`);
			}
			for (const subject of subjects) {
				const taken = deliveries.conflict(subject, "");
				if (taken !== undefined) {
					return violates(
						origin,
						`${origin.label} captures ${subject}, which takes in ${taken.subject}, where ${taken.value} gets its messages: ` +
							"each is stored once more on its way",
					);
				}
			}
			return subjects.length > 0 ? complies(origin) : undefined;
		})(design, config);
	},
};

/** Everything that some source is delivered to, with the stream that takes it. */
function deliveryIndex(design: Design): SubjectIndex<string> {
	const index = subjectIndex<string>();
	const { streams, inflows } = flowOf(design);
	for (const stream of streams) {
		const own = inflows(stream);
		for (const inflow of isKnown(own) ? own : []) {
			const subject = deliveredTo(inflow);
			if (subject !== "") {
				index.add(inflow.source.consumer === undefined ? `${subject}.>` : subject, "delivery", stream.origin.label);
			}
		}
	}
	return index;
}
