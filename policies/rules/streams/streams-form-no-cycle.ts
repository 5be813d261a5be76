import { findCycles } from "../../../topology/graph";
import type { Design, Outcome, Rule } from "../../model";
import { complies, isFullyKnown, unknown, violates } from "../outcomes";
import { flowEdges, flowOf, idOf } from "./flow";

export const streamsFormNoCycle: Rule = {
	name: "streams-form-no-cycle",
	area: "streams",
	title: "Messages never come back to a stream they were in",
	severity: "mandatory",
	why:
		"Two streams that source each other, or a ring of any length, copy every message round and round: one message " +
		"became 25,631 in four seconds (tried on nats-server 2.9.10). The server finds a ring of sources within one domain (error 10052) and " +
		"none across domains. A ring also closes through a mirror, or through a subject that one stream republishes and " +
		"another one captures, in its own domain or, over leaf connections, in any other: two that republish into each " +
		"other stored one message 252 times each, and one that sources what captures its own republished messages " +
		"stored each twice (tried on nats-server 2.15.2). Filters do not make it safe: the next change of one opens it.",
	remedy: "let data flow one way; for the other direction make a second pair of streams",
	neighbours: [
		"NATS documentation, Source and Mirror Streams: made for replication in one direction (https://docs.nats.io/nats-concepts/jetstream/source_and_mirror)",
	],
	example: {
		fails:
			"- name: orders_eu\n  sources: [{ name: orders_us, external: { api: $JS.us.API } }]\n" +
			"- name: orders_us\n  sources: [{ name: orders_eu, external: { api: $JS.eu.API } }]\n",
		complies:
			"- name: orders_eu\n  subjects: [eu.orders.>]\n- name: orders_us\n  subjects: [us.orders.>]\n" +
			"- name: all_orders_eu\n  sources: [{ name: orders_eu }, { name: orders_us, external: { api: $JS.us.API } }]\n",
		language: "yaml",
	},
	check(design) {
		const { byId } = flowOf(design);
		const cycles = findCycles({ edges: flowEdges(design) }).map(fromSmallest);
		const inCycle = new Set(cycles.flat());
		const broken = cycles.map((cycle): Outcome => {
			// An origin that is managed elsewhere has no place here; some stream of every cycle has one.
			const stream = cycle.map((id) => byId.get(id)).find((each) => each !== undefined);
			return violates(stream?.origin ?? { label: cycle[0] ?? "" }, message(cycle));
		});
		return [...broken, ...others(design, inCycle)];
	},
};

function others(design: Design, inCycle: ReadonlySet<string>): Outcome[] {
	const { inflows } = flowOf(design);
	return design.streams.flatMap((stream) => {
		const { origin, config } = stream;
		const id = idOf(stream);
		if (id === undefined || typeof inflows(stream) === "symbol" || !isFullyKnown(config.republish)) {
			return [unknown(origin, `what flows through ${origin.label}`)];
		}
		return inCycle.has(id) ? [] : [complies(origin)];
	});
}

function message(cycle: readonly string[]): string {
	const [first = "", second = ""] = cycle;
	if (cycle.length === 2) {
		return `${first} takes in its own messages: each comes back and is stored again`;
	}
	if (cycle.length === 3) {
		return `${first} and ${second} feed each other: every message comes back and is stored again`;
	}
	return `streams form a cycle, ${cycle.join(" → ")}: every message comes back and is stored again`;
}

/** The same ring, begun at its smallest name, so that it reads the same wherever it was entered. */
function fromSmallest(cycle: readonly string[]): string[] {
	const ring = cycle.slice(0, -1);
	const smallest = ring.reduce((best, name, i) => (name < (ring[best] ?? "") ? i : best), 0);
	const turned = [...ring.slice(smallest), ...ring.slice(0, smallest)];
	return [...turned, ...turned.slice(0, 1)];
}
