import type { LeaflineOutput } from "../../../contract/outputs";
import { edgeSubjects } from "../../../topology/names";
import { programNotes } from "../programs";
import type { EdgeFacts } from "../seen";
import type { Note } from "./note";

/** What a device's own programs do that does not go together with its classes. */
export function besideNotes(outputs: LeaflineOutput, device: string, edge: EdgeFacts | undefined): Note[] {
	if (!edge?.programs) return [];
	return programNotes(edge.programs, captured(outputs, device)).map((text) => {
		return { code: "programs", text, needsHand: true };
	});
}

/** What the classes of a device store, by class. */
function captured({ classes }: LeaflineOutput, device: string): Record<string, readonly string[]> {
	const uplinks = Object.entries(classes).filter(([, { direction }]) => direction === "uplink");
	return Object.fromEntries(uplinks.map(([name, { accepts }]) => [name, [...accepts, edgeSubjects(device, name)]]));
}
