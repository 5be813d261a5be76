import type { LeaflineOutput } from "../contract/outputs";
import { edgeSubjects } from "../topology/names";
import { percent } from "./format";
import { programNotes } from "./programs";
import type { EdgeFacts, EdgeStreamFacts, SourceFacts } from "./state";

/** So full of what the hub has that nobody seems to make room. */
const TOO_FULL = 0.5;

/** What a person should know of a device, beyond its figures. */
export function notes(
	outputs: LeaflineOutput,
	device: string,
	sources: Readonly<Record<string, SourceFacts>>,
	edge: EdgeFacts | undefined,
): string[] {
	const result: string[] = [];
	const pending = outputs.pending[device];
	if (pending) result.push(`waits for the next update: ${pending}`);
	for (const [name, source] of Object.entries(sources)) {
		const stream = edge?.streams[name];
		if (stream && source.seq > stream.lastSeq)
			result.push(
				`${name}: the hub is at ${source.seq} but the device at ${stream.lastSeq}: its store went back in time`,
			);
		if (stream && outputs.classes[name]?.whenFull === "refuse") {
			const { maxBytes = 0 } = outputs.budgets.buffer[outputs.devices[device]?.group ?? ""]?.classes[name] ?? {};
			const had = stream.bytes - unsentBytes(stream, Math.max(0, stream.lastSeq - source.seq));
			if (had > TOO_FULL * maxBytes)
				result.push(
					`${name}: ${percent(had / maxBytes)} full of messages that the hub has; npx leafline trim makes room`,
				);
		}
		if (source.error) result.push(`${name}: ${source.error}`);
	}
	if (edge?.programs) result.push(...programNotes(edge.programs, captured(outputs, device)));
	return result;
}

/** What the classes of a device store, by class. */
function captured({ classes }: LeaflineOutput, device: string): Record<string, readonly string[]> {
	const uplinks = Object.entries(classes).filter(([, { direction }]) => direction === "uplink");
	return Object.fromEntries(uplinks.map(([name, { accepts }]) => [name, [...accepts, edgeSubjects(device, name)]]));
}

/** Bytes of a stream that the hub has not got. @param backlog messages that it has not got */
export function unsentBytes({ messages, bytes }: EdgeStreamFacts, backlog: number): number {
	return messages === 0 ? 0 : bytes * Math.min(1, backlog / messages);
}
