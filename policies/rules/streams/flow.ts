import { nodeId, originDomain } from "../../../topology/graph";
import type { StreamSource } from "../../../topology/jetstream";
import type { GraphEdge } from "../../../topology/model";
import { subjectIndex } from "../../../topology/subject-index";
import { type Design, type DesignStream, UNKNOWN } from "../../model";
import { isFullyKnown, isKnown } from "../outcomes";
import { captured, republished } from "./stored";

/** What one stream takes from another one. */
export interface Inflow {
	readonly via: "source" | "mirror";
	readonly source: StreamSource;
	/** Domain of the stream it comes from. */
	readonly domain: string;
	/** `domain/stream` of the stream it comes from. */
	readonly from: string;
}

/** How messages move through a design. */
export interface Flow {
	/** All streams, in an order that does not depend on where the design comes from. */
	readonly streams: readonly DesignStream[];
	/** Streams of which domain and name are known, by `domain/stream`. */
	readonly byId: ReadonlyMap<string, DesignStream>;
	/** Streams of which the name is known, in the order of their labels. */
	readonly byName: ReadonlyMap<string, readonly DesignStream[]>;
	/** What each stream sources and mirrors; `UNKNOWN` when a part of it is. */
	readonly inflows: (stream: DesignStream) => readonly Inflow[] | typeof UNKNOWN;
	/** `domain/stream` of everything that some stream sources or mirrors. */
	readonly origins: ReadonlySet<string>;
}

const flows = new WeakMap<Design, Flow>();

/** The flow of a design, worked out once for all rules. */
export function flowOf(design: Design): Flow {
	const found = flows.get(design) ?? makeFlow(design);
	flows.set(design, found);
	return found;
}

/** `domain/stream`, `undefined` as long as one of the two is unknown. */
export function idOf({ domain, config: { name } }: DesignStream): string | undefined {
	return isKnown(domain) && isKnown(name) ? nodeId(domain, name) : undefined;
}

/** Everything that flows, in the order of the nodes' names: sources, mirrors, and what is published once more. */
export function flowEdges(design: Design): GraphEdge[] {
	const { inflows } = flowOf(design);
	const copied = design.streams.flatMap((stream): GraphEdge[] => {
		const to = idOf(stream);
		const own = inflows(stream);
		return to === undefined || own === UNKNOWN ? [] : own.map(({ from, via }) => ({ from, to, via }));
	});
	return [...copied, ...republishEdges(design)].sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
}

/**
 * From a stream that publishes what it stores once more to every stream that captures it. Also in other domains: a
 * domain sets JetStream's API apart, not the account's subjects, which leaf connections carry both ways.
 */
function republishEdges(design: Design): GraphEdge[] {
	const publishers = design.streams.filter(({ config }) => isKnown(config.republish) && config.republish !== undefined);
	if (publishers.length === 0) {
		return [];
	}
	const index = subjectIndex<string>();
	for (const stream of design.streams) {
		const id = idOf(stream);
		const subjects = captured(stream.config);
		for (const subject of id !== undefined && isKnown(subjects) ? subjects : []) {
			index.add(subject, id ?? "", id ?? "");
		}
	}
	return publishers.flatMap((stream) => {
		const from = idOf(stream);
		const reached = new Set(
			republished(stream).flatMap((subject) => index.overlapping(subject).map(({ value }) => value)),
		);
		return from === undefined ? [] : [...reached].map((to): GraphEdge => ({ from, to, via: "republish" }));
	});
}

function makeFlow(design: Design): Flow {
	const byId = new Map<string, DesignStream>();
	const byName = new Map<string, DesignStream[]>();
	const inflows = new Map<DesignStream, readonly Inflow[] | typeof UNKNOWN>();
	const origins = new Set<string>();
	const streams = sorted(design.streams);
	for (const stream of streams) {
		const id = idOf(stream);
		const { name } = stream.config;
		if (id !== undefined && !byId.has(id)) {
			byId.set(id, stream);
		}
		if (isKnown(name)) {
			const same = byName.get(name);
			if (same === undefined) {
				byName.set(name, [stream]);
			} else {
				same.push(stream);
			}
		}
		const own = inflowsOf(stream);
		inflows.set(stream, own);
		for (const { from } of own === UNKNOWN ? [] : own) {
			origins.add(from);
		}
	}
	return { streams, byId, byName, inflows: (stream) => inflows.get(stream) ?? [], origins };
}

function sorted(streams: readonly DesignStream[]): DesignStream[] {
	const keyed = streams.map((stream) => ({ stream, id: idOf(stream) ?? "" }));
	keyed.sort((a, b) => compare(a.id, b.id) || compare(a.stream.origin.label, b.stream.origin.label));
	return keyed.map(({ stream }) => stream);
}

function inflowsOf({ config: { sources, mirror }, domain }: DesignStream): readonly Inflow[] | typeof UNKNOWN {
	if (!isFullyKnown(sources) || !isFullyKnown(mirror)) {
		return UNKNOWN;
	}
	const parts = [
		...(sources ?? []).map((source) => ({ source, via: "source" as const })),
		...(mirror === undefined || mirror === null ? [] : [{ source: mirror, via: "mirror" as const }]),
	];
	if (parts.length > 0 && !isKnown(domain)) {
		return UNKNOWN;
	}
	return parts.map(({ source, via }) => {
		const origin = originDomain(source, isKnown(domain) ? domain : "");
		return { via, source, domain: origin, from: nodeId(origin, source.name) };
	});
}

/** By code units, so that no machine's locale changes the order. */
function compare(a: string, b: string): number {
	return a < b ? -1 : Number(a > b);
}
