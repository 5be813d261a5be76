import type { LeaflineOutput } from "../../../contract/outputs";
import { editionOf } from "../../../topology/server-edition";
import { bytes, clock, plural, WAIT } from "../../format";
import { readerStates } from "../readers";
import type { Facts } from "../seen";
import { journalNotes } from "./journal";
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
		const text = `${name} is not healthy: ${error}. If its disk is full: make room, and it is restarted by itself; devices keep their messages meanwhile`;
		return [{ code: "hub-unhealthy", text, needsHand: true }];
	});
	if (facts.hubError !== undefined) return nodes;
	const official = officialServers(facts.versions ?? {});
	const readers = readerStates(facts.readers ?? []).flatMap(({ reader, stream, note }): Note[] =>
		note === undefined
			? []
			: [{ code: "reader-stuck", text: `reader ${reader} of ${stream}: ${note}`, needsHand: true }],
	);
	const traces = journalNotes(outputs, facts);
	return [
		...nodes,
		...official,
		...readers,
		...traces,
		...Object.keys(outputs.streams).flatMap((name) => streamNotes(outputs, facts, name)),
	];
}

/** Servers without leafline's change, together. It was decided so, or is what this machine has: nothing is to be mended. */
function officialServers(versions: Readonly<Record<string, string>>): Note[] {
	const found = Object.entries(versions).filter(([, version]) => editionOf(version) === "official");
	if (found.length === 0) return [];
	const [[, version] = ["", ""]] = found;
	const names = found.map(([name]) => name).join(", ");
	const text = `${names}: the official nats-server ${version}, without leafline's change: a device can have the hub's streams emptied or deleted (docs/security.md, "The hub's server")`;
	return [{ code: "hub-server-official", text, needsHand: false }];
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
	if (stream.emptiedMs !== undefined) {
		const text = `${name} is empty although a message came ${clock(stream.emptiedMs)} ago and is kept longer: somebody deleted what it held. What is gone comes back from no device by itself: docs/status.md#purged`;
		notes.push({ code: "hub-stream-emptied", text, needsHand: true });
	}
	if (stream.refusesWhenFull && maxBytes > 0 && stream.bytes + NEARLY > maxBytes) {
		const text = `${name} is full (${bytes(stream.bytes)} of ${bytes(maxBytes)}) and takes nothing: ${plural(devices.length, "device", WAIT)}. It goes on when messages grow older than hub.keep; else lower hub.keep, or raise hub.file`;
		notes.push({ code: "hub-stream-full", text, needsHand: true });
	}
	return notes;
}
