import { expandEdge } from "./edge";
import type { StreamConfig, StreamSource } from "./jetstream";
import type { EdgeGroup, Graph, GraphEdge, GraphNode, HubStream } from "./model";
import { HUB_DOMAIN } from "./names";
import { DOWNLINK_API } from "./permissions";

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

/** One stream and what it sources or mirrors, for graphs of streams from elsewhere as well. */
export function streamGraph(
	domain: string,
	config: Pick<StreamConfig, "name" | "subjects" | "sources" | "mirror">,
): { node: GraphNode; edges: GraphEdge[] } {
	const to = nodeId(domain, config.name);
	const edge = (source: StreamSource, via: GraphEdge["via"]): GraphEdge => {
		return { from: nodeId(originDomain(source, domain), source.name), to, via };
	};
	const edges = (config.sources ?? []).map((source) => edge(source, "source"));
	if (config.mirror !== undefined) {
		edges.push(edge(config.mirror, "mirror"));
	}
	return { node: { domain, stream: config.name, subjects: config.subjects ?? [] }, edges };
}

/**
 * Domain that a source's stream is in. An API prefix of another form (an import under a name of its own) is a domain
 * that nobody knows, and stands for itself.
 *
 * @param own domain of the stream that has the source
 */
export function originDomain(source: Pick<StreamSource, "external">, own: string): string {
	const api = source.external?.api ?? "";
	if (api === "" || api === DOWNLINK_API) {
		return api === "" ? own : HUB_DOMAIN;
	}
	return /^\$JS\.([^.]+)\.API$/.exec(api)?.[1] ?? api;
}

/**
 * A cycle among the edges, as the names of its nodes in order, the first one again at the end; `undefined` if there is
 * none. Deterministic for a given order of edges.
 */
export function findCycle(graph: Pick<Graph, "edges">): string[] | undefined {
	return findCycles(graph)[0];
}

/**
 * Cycles that have no node in common, at least one of every knot of cycles, each as by `findCycle`. Takes time in
 * proportion to the graph.
 */
export function findCycles(graph: Pick<Graph, "edges">): string[][] {
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
	return [...next.keys()].flatMap((start) => cyclesFrom(start, next, done));
}

/** Depth first without recursion: a chain of streams may be longer than the stack is deep. */
function cyclesFrom(start: string, next: ReadonlyMap<string, string[]>, done: Set<string>): string[][] {
	if (done.has(start)) {
		return [];
	}
	const cycles: string[][] = [];
	const path: { node: string; visited: number }[] = [{ node: start, visited: 0 }];
	const position = new Map([[start, 0]]);
	/** Last place of the path that is part of a cycle found already. */
	let reported = -1;
	for (;;) {
		const top = path.at(-1);
		if (top === undefined) {
			return cycles;
		}
		const target = next.get(top.node)?.[top.visited++];
		if (target === undefined) {
			path.pop();
			position.delete(top.node);
			done.add(top.node);
			reported = Math.min(reported, path.length - 1);
			continue;
		}
		const seen = position.get(target);
		if (seen !== undefined) {
			if (seen > reported) {
				cycles.push([...path.slice(seen).map(({ node }) => node), target]);
				reported = path.length - 1;
			}
		} else if (!done.has(target)) {
			position.set(target, path.length);
			path.push({ node: target, visited: 0 });
		}
	}
}
