import type { DesignServer, Outcome, Rule } from "../../model";
import { complies, isKnown, violates } from "../outcomes";
import { contradictions } from "./conf";

export const serverConfigurationIsReadable: Rule = {
	name: "server-configuration-is-readable",
	area: "hub",
	title: "Every configuration can be read before it is deployed",
	severity: "mandatory",
	why:
		"What cannot be read cannot be judged: a password or an open port in it would pass. A text that the server itself does not " +
		"take is found when the node is to start with it, and a file that is included is whatever lies on the machine by then. " +
		"The server reads its settings in no order, so of two spellings of one setting it takes either.",
	remedy: "mend the place that is named; write what an included file says in its place",
	neighbours: [
		"NATS documentation, the configuration file's syntax (https://docs.nats.io/running-a-nats-service/configuration#configuration-syntax)",
	],
	example: {
		fails: '# hub.conf\nlisten: "127.0.0.1:4222"\ninclude users.conf\n',
		complies: '# hub.conf\nlisten: "127.0.0.1:4222"\noperator: operator.jwt\n',
		language: "yaml",
	},
	check: ({ servers }) => servers.flatMap(judge),
};

function judge({ origin, conf, unreadable }: DesignServer): Outcome[] {
	if (unreadable !== undefined) {
		const { line, column, problem } = unreadable;
		const message = `the configuration of ${origin.label} cannot be read, line ${line}, column ${column}: ${problem}`;
		return [violates(origin, message)];
	}
	if (!isKnown(conf)) return [];
	const [first] = contradictions(conf);
	if (first === undefined) return [complies(origin)];
	const message = `the configuration of ${origin.label} says two things with ${first}: the server takes either`;
	return [violates(origin, message)];
}
