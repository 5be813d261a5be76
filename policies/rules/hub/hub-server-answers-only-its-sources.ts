import { editionOf } from "../../../topology/server-edition";
import { type DesignServer, type Rule, UNKNOWN } from "../../model";
import { complies, unknownTogether, violates } from "../outcomes";

export const hubServerAnswersOnlyItsSources: Rule = {
	name: "hub-server-answers-only-its-sources",
	area: "hub",
	title: "The hub's server answers flow control of its own sources' consumers alone",
	severity: "mandatory",
	why:
		"The official nats-server (2.15.2) lets whoever may publish on a source's delivery subject say where the source answers, " +
		"in the account of the streams, which no permission limits. So every device, a program on it, and whoever has its " +
		"credentials can have the hub's streams emptied or deleted (tried on one and three nodes: 60,000 messages), and commands " +
		"stored for other devices. Nothing in permissions, limits of JWTs or mappings prevents it. leafline " +
		"builds the hub's server with a check of that answer, from the same sources (docs/security.md).",
	remedy:
		"leave hub.server out, or write leafline; where an official server has to be, know that one stolen device is the whole fleet's data, and exempt this rule with a date",
	neighbours: ["nats-server, server/stream.go: handleFlowControl, processStalledFlowControl"],
	example: {
		fails: "config:\n  leafline:hub: { server: official }\n",
		complies: "config:\n  leafline:hub: { server: leafline }\n",
		language: "yaml",
	},
	check: ({ servers }) => {
		const hubs = servers.filter(({ role }) => role === "hub");
		const open = hubs.filter(({ version, edition }) => version === UNKNOWN && edition === undefined);
		return [
			...hubs.filter(tells).map((server) => {
				const { origin, version, edition } = server;
				if (runs(server) === "leafline") return complies(origin);
				const which = typeof version === "string" ? `nats-server ${version}` : `the ${edition} nats-server`;
				const what = `${origin.label} runs ${which}, without leafline's change: a device can have its streams deleted`;
				return violates(origin, what);
			}),
			...unknownTogether(
				open.map(({ origin }) => origin),
				(label) => `whether the server of ${label} has leafline's change`,
			),
		];
	},
};

/** A server of which neither is known is somebody else's, for whom the rule has nothing to say. */
const tells = ({ version, edition }: DesignServer) => typeof version === "string" || edition !== undefined;

function runs({ version, edition }: DesignServer): "leafline" | "official" | undefined {
	return typeof version === "string" ? editionOf(version) : edition;
}
