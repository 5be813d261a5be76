import { edgeStreamName } from "../../../topology/names";
import { clock, count, plural, WAIT } from "../../format";
import { owed } from "../seen";
import { HEAL, type Look, type Note } from "./note";

/** A hub of leafline's server that has found a device again looks where its own stream is; it tries for up to 2 min. */
const LOOKS_MS = 150_000;

/**
 * A hub that has gone back behind what it acknowledged: its disk lost its newest messages, or an older one was put in.
 * Devices hold some of what it lacks, nothing waits as a consumer counts it, and the next message hides the gap.
 */
export function behindNotes({ device, class: name, hubStream, source, edge, memory, at, hubLooks }: Look): Note[] {
	const messages = source && edge ? owed(edge, name, source.seq) : 0;
	if (!source || messages === 0) return [];
	const stream = edgeStreamName(device, name);
	const forMs = memory?.seq === source.seq ? at - memory.since : 0;
	const itself = hubLooks === true && forMs < LOOKS_MS;
	const what = `${hubStream} is at sequence ${count(source.seq)} of ${stream} and has acknowledged more: its store went back (power cut, snapshot, older disk), or somebody set the consumer ahead. Up to ${plural(messages, "message", WAIT)} on the device that it does not ask for again`;
	const remedy = itself
		? `; it does when it finds the device again, for up to 2 min (so far ${clock(forMs)})`
		: `. ${HEAL} ${device} has it source them, before the next message hides the gap`;
	return [{ code: "hub-behind", class: name, text: `${what}${remedy}`, needsHand: !itself }];
}
