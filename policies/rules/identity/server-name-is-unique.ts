import { type Design, type Rule, UNKNOWN } from "../../model";
import { setting } from "../hub/conf";
import { isKnown } from "../outcomes";
import { type Named, unique } from "./unique";

export const serverNameIsUnique: Rule = {
	name: "server-name-is-unique",
	area: "identity",
	title: "No two servers share a name",
	severity: "mandatory",
	why:
		"Servers know each other by name. A second leaf of the same name is taken for the first one coming back, or for a loop, and " +
		"one of the two stays out; placement and replies to JetStream requests go to either.",
	remedy: "give each server a server_name of its own, on a device the device's name",
	neighbours: ["nats-server issue 4939"],
	example: {
		fails: '{ "server_name": "truck-001", "jetstream": { "domain": "truck-002" } }\n',
		complies: '{ "server_name": "truck-002", "jetstream": { "domain": "truck-002" } }\n',
		language: "json",
	},
	check: (design) =>
		unique(
			[...hubNames(design), ...design.devices.map(({ origin, serverName: name }): Named => ({ origin, name }))],
			"server name",
			"one of them stays out",
		),
};

function hubNames({ servers }: Design): Named[] {
	return servers.flatMap(({ origin, role, conf }) => {
		const name = role === "hub" && isKnown(conf) ? setting(conf, "server_name") : undefined;
		return typeof name === "string" || name === UNKNOWN ? [{ origin, name }] : [];
	});
}
