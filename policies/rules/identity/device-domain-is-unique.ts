import { type Design, type Rule, UNKNOWN } from "../../model";
import { block, setting } from "../hub/conf";
import { isKnown } from "../outcomes";
import { type Named, unique } from "./unique";

export const deviceDomainIsUnique: Rule = {
	name: "device-domain-is-unique",
	area: "identity",
	title: "No two devices share a JetStream domain",
	severity: "mandatory",
	why:
		"The hub asks each device by its domain ($JS.<domain>.API): two with the same one both answer, or whichever is nearer does, and " +
		"the messages of the other are never fetched. The server keeps the JetStream of different domains apart by itself, that of " +
		"two leaves with one domain it does not, and says nothing.",
	remedy: "give each device a domain of its own, its name",
	neighbours: ["nats-server issue 4939"],
	example: {
		fails: '{ "server_name": "truck-002", "jetstream": { "domain": "truck-001" } }\n',
		complies: '{ "server_name": "truck-002", "jetstream": { "domain": "truck-002" } }\n',
		language: "json",
	},
	check: (design) =>
		unique(
			[...hubDomains(design), ...design.devices.map(({ origin, domain: name }): Named => ({ origin, name }))],
			"JetStream domain",
			"the hub reaches only one of them",
		),
};

function hubDomains({ servers }: Design): Named[] {
	return servers.flatMap(({ origin, role, conf }) => {
		const domain = role === "hub" && isKnown(conf) ? setting(block(conf, "jetstream"), "domain") : undefined;
		return typeof domain === "string" || domain === UNKNOWN ? [{ origin, name: domain, sharedBy: "hub" }] : [];
	});
}
