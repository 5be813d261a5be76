import { expandEdge } from "./edge";
import type { StreamConfig } from "./jetstream";
import type { EdgeGroup, Graph, GraphEdge, GraphNode, HubStream } from "./model";
import { HUB_DOMAIN } from "./names";
import { DOWNLINK_DOMAIN } from "./permissions";

/**
 * The graph of all streams over all domains. Nothing in the server notices when streams of two domains source each
 * other: one message became 25,631 in four seconds. So the absence of cycles is proved here, before anything is made.
 */

/** Name of a node in the graph's edges. */
export function nodeId(domain: string, stream: string): string {
	return `${domain}/${stream}`;
}

/** Everything that leafline is about to make. */
export function buildGraph(
	hubStreams: Readonly<Record<string, HubStream>>,
	edgeGroups: Readonly<Record<string, EdgeGroup>>,
): Graph {
	const parts = [
		...Object.values(hubStreams).map(({ config }) => streamGraph(HUB_DOMAIN, config)),
		...Object.values(edgeGroups).flatMap((group) =>
			Object.keys(group.devices).flatMap((device) =>
				expandEdge(group, device).map(({ stream }) => streamGraph(device, stream)),
			),
		),
	];
	return { nodes: parts.map(({ node }) => node), edges: parts.flatMap(({ edges }) => edges) };
}

/** One stream and what it sources, for graphs of streams from elsewhere as well. */
export function streamGraph(domain: string, config: StreamConfig): { node: GraphNode; edges: GraphEdge[] } {
	const to = nodeId(domain, config.name);
	const edges = (config.sources ?? []).map((source): GraphEdge => {
		const external = /^\$JS\.([^.]+)\.API$/.exec(source.external?.api ?? "")?.[1];
		const origin = external === DOWNLINK_DOMAIN ? HUB_DOMAIN : (external ?? domain);
		return { from: nodeId(origin, source.name), to, via: "source" };
	});
	return { node: { domain, stream: config.name, subjects: config.subjects ?? [] }, edges };
}

/**
 * A cycle among the edges, as the names of its nodes in order, the first one again at the end; `undefined` if there is
 * none. Deterministic for a given order of edges.
 */
export function findCycle(graph: Pick<Graph, "edges">): string[] | undefined {
	const next = new Map<string, string[]>();
	for (const { from, to } of graph.edges) {
		const targets = next.get(from);
		if (targets === undefined) {
			next.set(from, [to]);
		} else {
			targets.push(to);
		}
	}
	const done = new Set<string>();
	for (const start of next.keys()) {
		const cycle = cycleFrom(start, next, done);
		if (cycle !== undefined) {
			return cycle;
		}
	}
	return undefined;
}

/** Depth first without recursion: a chain of streams may be longer than the stack is deep. */
function cycleFrom(start: string, next: ReadonlyMap<string, string[]>, done: Set<string>): string[] | undefined {
	if (done.has(start)) {
		return undefined;
	}
	const path: { node: string; visited: number }[] = [{ node: start, visited: 0 }];
	const position = new Map([[start, 0]]);
	for (;;) {
		const top = path.at(-1);
		if (top === undefined) {
			return undefined;
		}
		const target = next.get(top.node)?.[top.visited++];
		if (target === undefined) {
			path.pop();
			position.delete(top.node);
			done.add(top.node);
			continue;
		}
		const seen = position.get(target);
		if (seen !== undefined) {
			return [...path.slice(seen).map(({ node }) => node), target];
		}
		if (!done.has(target)) {
			position.set(target, path.length);
			path.push({ node: target, visited: 0 });
		}
	}
}
