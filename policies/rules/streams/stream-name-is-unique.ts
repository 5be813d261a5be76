import type { DesignStream, Outcome, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { flowOf } from "./flow";

export const streamNameIsUnique: Rule = {
	name: "stream-name-is-unique",
	area: "streams",
	title: "No two streams of the fleet have one name",
	severity: "mandatory",
	why:
		"Each domain is a name space of its own, so the server accepts one name on the hub and on a device, or on two " +
		"devices. But flow control ($JS.FC.<stream>.<consumer>), permissions by stream, and the header Nats-Stream-Source " +
		"by which readers tell whose message it is go by the stream's name (nats-server 2.15 source). A source that lacks its domain then " +
		"finds itself.",
	remedy: "name streams of a device <device>_<class> and those of the hub hub_<class>",
	example: {
		fails:
			"- { domain: edge1, name: can, subjects: [edge1.can.>] }\n- { domain: edge2, name: can, subjects: [edge2.can.>] }\n",
		complies:
			"- { domain: edge1, name: edge1_can, subjects: [edge1.can.>] }\n- { domain: edge2, name: edge2_can, subjects: [edge2.can.>] }\n",
		language: "yaml",
	},
	check(design) {
		const named = [...flowOf(design).byName].map(([name, streams]) => judge(name, streams));
		const nameless = design.streams.filter(({ config }) => !isKnown(config.name));
		return [...named, ...nameless.map(({ origin }) => unknown(origin, `name of ${origin.label}`))];
	},
};

function judge(name: string, streams: readonly DesignStream[]): Outcome {
	const [first, second, ...more] = streams;
	if (second === undefined) {
		return complies(first?.origin ?? { label: name });
	}
	const places = [first, second].map((stream) =>
		String(stream && isKnown(stream.domain) ? stream.domain : "a domain to come"),
	);
	const rest = more.length > 0 ? ` and in ${more.length} more` : "";
	return violates(
		second.origin,
		`${name} is the name of a stream in ${places[0]} and in ${places[1]}${rest}: flow control, permissions and the ` +
			"header that names the origin cannot tell them apart",
	);
}
