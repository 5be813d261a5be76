import { subjectIndex } from "../../../topology/subject-index";
import type { Outcome, Rule } from "../../model";
import { complies, isFullyKnown, isKnown, unknown, violates } from "../outcomes";
import { flowOf } from "./flow";
import { captured, stored } from "./stored";

export const subjectsDisjointAcrossDomains: Rule = {
	name: "subjects-disjoint-across-domains",
	area: "streams",
	title: "No subject is stored by two devices, or by a device and the hub",
	severity: "mandatory",
	why:
		"A domain sets JetStream's API apart, not the subjects: over leaf connections a message reaches every stream that " +
		"captures it, in any domain of the account, while the link is up, and only the nearest while it is not. " +
		"It is then stored twice or once, depending on the weather (nats-server #7530), and at the hub nobody can tell whose it was. " +
		"Subjects that a stream puts under its own device's prefix before it stores them are not meant.",
	remedy:
		"begin the subjects of each device with the device's name, or accept others with a subject_transform that puts it first",
	neighbours: [
		"NATS documentation, JetStream on Leaf Nodes: streams of two domains that capture the same subject both store the message (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/jetstream_leafnodes)",
	],
	example: {
		fails:
			"- { domain: edge1, name: edge1_can, subjects: [vehicle.>] }\n- { domain: edge2, name: edge2_can, subjects: [vehicle.>] }\n",
		complies:
			"- domain: edge1\n  name: edge1_can\n  subjects: [vehicle.>]\n  subject_transform: { src: vehicle.>, dest: edge1.can.vehicle.> }\n" +
			"- domain: edge2\n  name: edge2_can\n  subjects: [vehicle.>]\n  subject_transform: { src: vehicle.>, dest: edge2.can.vehicle.> }\n",
		language: "yaml",
	},
	check(design) {
		const index = subjectIndex<{ label: string; domain: string }>();
		return flowOf(design).streams.flatMap(({ origin, domain, config }): Outcome[] => {
			const { subject_transform: transform } = config;
			const subjects = captured(config);
			if (!isKnown(subjects) || !isKnown(domain) || !isFullyKnown(transform)) {
				return [unknown(origin, `${isKnown(domain) ? "subjects" : "domain"} of ${origin.label}`)];
			}
			const own = subjects.flatMap((subject) => stored(subject, transform));
			const found = own.flatMap((subject): Outcome[] => {
				const other = index.conflict(subject, domain);
				index.add(subject, domain, { label: origin.label, domain });
				return other === undefined
					? []
					: [
							violates(
								origin,
								`${origin.label} stores ${subject}, which overlaps ${other.subject} of ${other.value.label} in domain ` +
									`${other.value.domain}: while the link is up, one message is stored by both`,
							),
						];
			});
			return found.length > 0 || own.length === 0 ? found : [complies(origin)];
		});
	},
};
