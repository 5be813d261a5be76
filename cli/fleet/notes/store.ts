import { edgeStreamName } from "../../../topology/names";
import { BLOCK } from "../../../topology/reserve";
import { clock, count, plural } from "../../format";
import { type Look, type Note, RESTORE } from "./note";

/** What became of a device's stream: gone, made anew, or gone back in time. */
export function storeNotes(look: Look): Note[] {
	const { device, class: name, source, edge, stored, memory, at } = look;
	const stream = edgeStreamName(device, name);
	if (edge?.unreadable[name]) {
		const text = `${stream}: ${edge.unreadable[name]}; is it a nats-server of this fleet that answers as ${device}?`;
		return [{ code: "unreadable-answer", class: name, text, needsHand: true }];
	}
	if (edge?.missing.includes(name)) {
		const had = source?.seq ? `; the hub has it up to ${count(source.seq)}, what came after it is lost` : "";
		const text = `${stream} is gone: deleted by hand, or the device's store was wiped${had}. Publishers are refused. ${RESTORE}, makes it anew`;
		return [{ code: "stream-missing", class: name, text, needsHand: true }];
	}
	const here = edge?.streams[name];
	if (here && source && source.seq > here.lastSeq) {
		const where = `the hub is at ${count(source.seq)} but the device at ${count(here.lastSeq)}`;
		return [madeAnew(look) ? anew(name, stream, where) : setBack(look, where, source.seq, here.lastSeq)];
	}
	if (memory?.setBack) {
		const { from, to, at: seen } = memory.setBack;
		const text = `${stream} was seen ${clock(at - seen)} ago to have gone back from ${count(from)} to ${count(to)}: of what was published next, up to ${plural(from - to, "message", ["is", "are"])} on the device but not on the hub`;
		return [{ code: "was-set-back", class: name, text, needsHand: false }];
	}
	if (here && source?.silentMs !== undefined && source.seq > 0 && stored > source.seq) {
		const text = `the hub has ${plural(stored, "message")} of ${stream}, which has only given it ${count(source.seq)}: it was made anew on the device, and what the earlier one still held is lost; or its source was made anew, and messages are on the hub twice`;
		return [{ code: "more-on-hub", class: name, text, needsHand: false }];
	}
	return [];
}

/** Made after the hub had got something of an earlier one. Without a time of either, an empty stream was. */
function madeAnew({ edge, class: name, source, memory }: Look): boolean {
	if (memory?.anew) return true;
	const here = edge?.streams[name];
	if (here?.created !== undefined && source?.lastArrival !== undefined) return here.created > source.lastArrival;
	return here?.lastSeq === 0;
}

function anew(name: string, stream: string, where: string): Note {
	const text = `${stream}: ${where}: it was made anew (store wiped, disk replaced, deleted by hand, or in memory and its server started anew), and what the hub had not got is lost. The hub starts over with it by itself, within a minute`;
	return { code: "made-anew", class: name, text, needsHand: false };
}

function setBack({ device, class: name }: Look, where: string, from: number, to: number): Note {
	const stream = edgeStreamName(device, name);
	const file = "leafline/reserved.json";
	// Without the file a stream goes on a block further, whatever the hub has.
	const edit =
		from - to < BLOCK
			? `delete ${file} in its store`
			: `in ${file} of its store set the sequence of ${stream} to ${from} and take "sealed" away`;
	const text = `${stream}: ${where}: its store went back in time (power cut, older image). The hub takes what it publishes up to ${count(from)} for old and drops it. Stop its nats-server, ${edit}, start it again: its streams then go on past that (docs/device.md)`;
	return { code: "set-back", class: name, text, needsHand: true };
}
