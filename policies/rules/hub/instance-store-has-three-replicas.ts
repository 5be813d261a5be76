import type { Rule } from "../../model";
import { complies, unknown, violates } from "../outcomes";
import { eachInstance } from "./each";

export const instanceStoreHasThreeReplicas: Rule = {
	name: "instance-store-has-three-replicas",
	area: "hub",
	title: "Messages on instance store are on three nodes",
	severity: "mandatory",
	why:
		"Instance store is gone when the instance is stopped, replaced, or moved off a failing host. With one copy that is every " +
		"message; with two a cluster has no majority left to write with. Devices have forgotten what the hub acknowledged, so they " +
		"do not send it again.",
	remedy: "give the hub three nodes in three zones and every class replicas: 3, or keep the messages on EBS",
	neighbours: [
		"AWS documentation, Amazon EC2 instance store: data does not outlive a stop (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html)",
	],
	example: {
		fails:
			"# the hub's node is an i4g instance, its messages are on instance store\nclasses:\n  can: { rate: 2000/s, size: 128B, hub: { keep: 7d, replicas: 1 } }\n",
		complies:
			"# the hub has three nodes in three zones\nclasses:\n  can: { rate: 2000/s, size: 128B, hub: { keep: 7d, replicas: 3 } }\n",
		language: "yaml",
	},
	check: eachInstance("instanceStore", "kind of storage", (instanceStore, { origin, replicas }) => {
		if (!instanceStore) {
			return undefined;
		}
		if (replicas === undefined) {
			return unknown(origin, `replicas of the streams on ${origin.label}`);
		}
		return replicas >= 3
			? complies(origin)
			: violates(
					origin,
					`${origin.label} keeps messages on instance store with replicas ${replicas}: when it stops, they are lost; 3 are needed`,
				);
	}),
};
