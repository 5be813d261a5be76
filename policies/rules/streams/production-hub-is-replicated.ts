import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const productionHubIsReplicated: Rule = {
	name: "production-hub-is-replicated",
	area: "streams",
	title: "A production hub keeps three replicas",
	severity: "mandatory",
	why:
		"Once the hub has acknowledged, a device may delete: with one replica, one lost volume loses what nobody else has. Acknowledged " +
		"is not on disk either: of 930,005 acknowledged writes 131,418 were lost in a coordinated power cut (Jepsen on nats-server 2.12.1, #7564); " +
		"replicas in other zones do not lose power together.",
	remedy: "set hub.nodes: 3, and leave replicas out or set them to 3",
	neighbours: [
		"NATS documentation, JetStream clustering: three replicas tolerate the loss of one server (https://docs.nats.io/running-a-nats-service/configuration/clustering/jetstream_clustering)",
	],
	example: {
		fails: "config:\n  leafline:hub: { kind: aws, nodes: 1 }      # stack prod\n",
		complies: "config:\n  leafline:hub: { kind: aws, nodes: 3 }      # stack prod\n",
		language: "yaml",
	},
	check: eachField(
		"num_replicas",
		({ side }, { production }) => side === "hub" && production,
		(replicas = 1, { origin }) =>
			replicas > 1
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has num_replicas ${replicas} on a production hub: the loss of one volume loses what the devices have deleted`,
					),
	),
};
