import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildGraph, findCycle, nodeId, streamGraph } from "../../topology/graph";
import type { StreamConfig } from "../../topology/jetstream";
import type { GraphEdge } from "../../topology/model";
import { plan } from "../../topology/plan";
import { downlink, makeFleet, makeSettings } from "./fixtures";

function edge(from: string, to: string): GraphEdge {
	return { from, to, via: "source" };
}

/** Reachability by closure: slow, and plain enough to be believed. */
function hasCycle(edges: readonly GraphEdge[]): boolean {
	const reached = new Set(edges.map(({ from, to }) => `${from}→${to}`));
	const nodes = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
	for (const via of nodes) {
		for (const from of nodes) {
			for (const to of nodes) {
				if (reached.has(`${from}→${via}`) && reached.has(`${via}→${to}`)) reached.add(`${from}→${to}`);
			}
		}
	}
	return nodes.some((node) => reached.has(`${node}→${node}`));
}

describe("findCycle", () => {
	const node = fc.constantFrom(..."abcdefg");
	const edges = fc.array(
		fc.tuple(node, node).map(([from, to]) => edge(from, to)),
		{ maxLength: 14 },
	);

	it("finds a cycle exactly when there is one, and what it returns is one", () => {
		fc.assert(
			fc.property(edges, (all) => {
				const cycle = findCycle({ edges: all });
				expect(cycle !== undefined).toBe(hasCycle(all));
				if (cycle === undefined) return;
				expect(cycle.at(-1)).toBe(cycle[0]);
				expect(new Set(cycle).size).toBe(cycle.length - 1);
				cycle.slice(1).forEach((to, i) => {
					expect(all).toContainEqual(edge(cycle[i] ?? "", to));
				});
			}),
			{ numRuns: 2000 },
		);
	});

	it("sees a stream that sources itself, and one that is fed twice is no cycle", () => {
		expect(findCycle({ edges: [edge("a", "a")] })).toEqual(["a", "a"]);
		expect(findCycle({ edges: [edge("a", "b"), edge("a", "b"), edge("a", "c"), edge("c", "b")] })).toBeUndefined();
	});

	it("does not run out of stack on a long chain", () => {
		const chain = Array.from({ length: 100_000 }, (_, i) => edge(`n${i}`, `n${i + 1}`));
		expect(findCycle({ edges: chain })).toBeUndefined();
		expect(findCycle({ edges: [...chain, edge("n100000", "n0")] })).toHaveLength(100_002);
	});
});

describe("graph of a fleet", () => {
	it("has both directions and no cycle", () => {
		const fleet = makeFleet({ devices: ["edge1"], downlink: { commands: downlink() } });
		const { topology } = plan(fleet, makeSettings());
		expect(topology?.graph.edges).toEqual([
			edge("edge1/edge1_can", "hub/hub_can"),
			edge("edge1/edge1_alarm", "hub/hub_alarm"),
			edge("hub/hub_commands", "edge1/edge1_commands"),
		]);
		expect(topology && findCycle(topology.graph)).toBeUndefined();
	});

	it("has a cycle when an edge stream sources the hub stream that sources it", () => {
		const { topology } = plan(makeFleet(), makeSettings());
		if (!topology) throw new Error("no topology");
		const graph = buildGraph(topology.hubStreams, topology.edgeGroups);
		const foreign = streamGraph("edge1", stream("edge1_can", { name: "hub_can", api: "$JS.hub.API" }));
		expect(findCycle({ edges: [...graph.edges, ...foreign.edges] })).toEqual([
			"edge1/edge1_can",
			"hub/hub_can",
			"edge1/edge1_can",
		]);
	});
});

describe("graph of a stream", () => {
	it("takes a source without a domain for one of its own", () => {
		const { edges } = streamGraph("hub", stream("all", { name: "hub_can" }));
		expect(edges).toEqual([edge(nodeId("hub", "hub_can"), nodeId("hub", "all"))]);
	});
});

function stream(name: string, source: { name: string; api?: string }): StreamConfig {
	return {
		name,
		retention: "limits",
		storage: "file",
		discard: "new",
		num_replicas: 1,
		max_msgs: -1,
		max_bytes: -1,
		max_age: 0,
		sources: [{ name: source.name, ...(source.api !== undefined && { external: { api: source.api, deliver: "" } }) }],
	};
}
