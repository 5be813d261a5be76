import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const replicasFitServers: Rule = {
	name: "replicas-fit-servers",
	area: "streams",
	title: "A stream has no more replicas than there are servers",
	severity: "mandatory",
	why:
		"Before 2.15 a server on its own accepts num_replicas: 3 as an update of a stream, and the stream does not come back " +
		"after the next restart. Later ones refuse it, when half of the deployment is done.",
	remedy: "set replicas to 1 on a single server, or give the hub three nodes",
	example: {
		fails: "config:\n  leafline:hub: { nodes: 1 }\n# fleet: classes.can.hub.replicas: 3\n",
		complies: "config:\n  leafline:hub: { nodes: 3 }\n# fleet: classes.can.hub.replicas: 3\n",
		language: "yaml",
	},
	check: eachField(
		"num_replicas",
		({ nodes }) => nodes !== undefined,
		(replicas = 1, { origin, nodes = 1 }) =>
			replicas <= nodes
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has num_replicas ${replicas}, and there ${nodes === 1 ? "is one server" : `are ${nodes} servers`}: ` +
							"the server refuses it, or accepts it and loses the stream at its next restart",
					),
	),
};
