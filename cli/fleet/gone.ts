import type { LeaflineOutput } from "../../contract/outputs";
import { edgeStreamName } from "../../topology/names";
import { type EdgeFacts, type Facts, lostFrom, type SourceFacts } from "./seen";

/** What is not there any more, and must not be counted as nothing that waits. */

/** Streams of a device that are not there: on the device, or on the hub. One that is lost is missed by nobody. */
export function goneStreams(outputs: LeaflineOutput, facts: Facts, device: string): string[] {
	const { hubStreams = {}, retired } = outputs.devices[device] ?? {};
	if (retired === "lost") return [];
	const there = (facts.edges[device]?.missing ?? []).map((name) => edgeStreamName(device, name));
	const onHub = facts.hubError === undefined ? Object.values(hubStreams).filter((name) => !facts.hub[name]) : [];
	return [...there, ...onHub];
}

/** Messages that are gone from a device and that the hub never had. @param sources by class */
export function vanishedOf(edge: EdgeFacts, sources: Readonly<Record<string, SourceFacts>>): number {
	return Object.entries(edge.streams).reduce((sum, [name, stream]) => {
		const source = sources[name];
		return source ? sum + lostFrom(stream, source.seq) : sum;
	}, 0);
}
