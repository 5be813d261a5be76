import type { Rule } from "../../model";
import { complies, isKnown, violates } from "../outcomes";
import { eachSourcing, list } from "./each";
import type { Flow, Inflow } from "./flow";

export const sourceNamesItsDomain: Rule = {
	name: "source-names-its-domain",
	area: "streams",
	title: "A source of a stream in another domain names that domain",
	severity: "mandatory",
	why:
		"Without external.api, or with the wrong domain in it, the server looks for the stream where it is not, and waits " +
		"for it to appear. Nothing arrives, and as a source's lag changes only when a message does, it reads 0, " +
		"as if all were well (STREAM.INFO of nats-server 2.15).",
	remedy: "set external.api of the source to $JS.<domain>.API, with the domain that the stream is in",
	neighbours: [
		"NATS documentation, JetStream on Leaf Nodes: streams of other domains are reached by the domain's API prefix (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/jetstream_leafnodes)",
	],
	example: {
		fails: "name: hub_can\nsources:\n  - name: edge1_can\n    opt_start_seq: 1\n",
		complies:
			"name: hub_can\nsources:\n  - name: edge1_can\n    opt_start_seq: 1\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n",
		language: "yaml",
	},
	check: eachSourcing(
		() => true,
		(inflows, { origin, domain }, flow) => {
			const lost = inflows.filter((inflow) => isElsewhere(inflow, flow));
			const [first] = lost;
			if (first === undefined) {
				return inflows.length > 0 ? complies(origin) : undefined;
			}
			const names = list(lost.map(({ source }) => source.name));
			const how = first.domain === domain ? "without external.api" : `with external.api ${first.source.external?.api}`;
			return violates(
				origin,
				`${origin.label} takes ${names} ${how}, but ${first.source.name} is in domain ${home(first, flow)}: ` +
					"nothing arrives, and no error says so",
			);
		},
	),
};

/** Whether the stream is known in other domains, all of them known, and not where the source looks for it. */
function isElsewhere({ from, source }: Inflow, { byId, byName }: Flow): boolean {
	const same = byName.get(source.name) ?? [];
	return !byId.has(from) && same.length > 0 && same.every(({ domain }) => isKnown(domain));
}

function home({ source }: Inflow, { byName }: Flow): string {
	return String(byName.get(source.name)?.[0]?.domain);
}
