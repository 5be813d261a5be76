import type { LeaflineOutput } from "../../contract/outputs";
import { bytes, plural } from "../format";
import { readerStates } from "../readers";
import type { Facts } from "../seen";
import { type Note, RESTORE } from "./note";

/** A stream counts as full when the next message of a megabyte would not fit. */
const NEARLY = 1 << 20;

/** Notes on the hub: its nodes, and its streams. */
export function hubNotes(outputs: LeaflineOutput, facts: Facts): Note[] {
	const nodes = (facts.nodes ?? []).flatMap(({ name, down, error }): Note[] => {
		// Of a hub of one node the hub's own line says it.
		if (down && outputs.hub.nodes === 1) return [];
		if (down) return [{ code: "hub-node-down", text: `${name} ${down}`, needsHand: true }];
		if (!error || facts.hubError !== undefined) return [];
		const text = `${name} is not healthy: ${error}. If its disk is full: make room, then restart it; devices keep their messages meanwhile`;
		return [{ code: "hub-unhealthy", text, needsHand: true }];
	});
	if (facts.hubError !== undefined) return nodes;
	const readers = readerStates(facts.readers ?? []).flatMap(({ reader, stream, note }): Note[] =>
		note === undefined
			? []
			: [{ code: "reader-stuck", text: `reader ${reader} of ${stream}: ${note}`, needsHand: true }],
	);
	return [...nodes, ...readers, ...Object.keys(outputs.streams).flatMap((name) => streamNotes(outputs, facts, name))];
}

function streamNotes(outputs: LeaflineOutput, facts: Facts, name: string): Note[] {
	const stream = facts.hub[name];
	const { maxBytes = -1, devices = [] } = outputs.streams[name] ?? {};
	if (!stream) {
		const text = `${name} is gone from the hub, and nothing reaches it: deleted by hand, or its store was lost. Devices keep what it had not got. ${RESTORE}, makes it anew`;
		return [{ code: "hub-stream-missing", text, needsHand: true }];
	}
	const notes: Note[] = [];
	if (!stream.owner?.endsWith(`/${outputs.environment}`)) {
		const whose = stream.owner
			? `belongs to ${stream.owner}`
			: "was not made by leafline but by hand or another program";
		const text = `${name} ${whose}. Rename or delete it (its messages go with it), then ${RESTORE}; or take it over: leafline:adopt in docs/settings.md`;
		notes.push({ code: "hub-stream-foreign", text, needsHand: true });
	}
	if (stream.refusesWhenFull && maxBytes > 0 && stream.bytes + NEARLY > maxBytes) {
		const text = `${name} is full (${bytes(stream.bytes)} of ${bytes(maxBytes)}) and takes nothing: ${plural(devices.length, "device")} wait. It goes on when messages grow older than hub.keep; else lower hub.keep, or raise hub.file`;
		notes.push({ code: "hub-stream-full", text, needsHand: true });
	}
	return notes;
}
