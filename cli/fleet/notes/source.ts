import { edgeStreamName, HUB_CONSUMER } from "../../../topology/names";
import { clock, count, plural, WAIT } from "../../format";
import { type ConsumerFacts, waitingFor } from "../seen";
import { behindNotes } from "./behind";
import { DROP, HEAL, type Look, type Note, PERMIT, RESTORE, UNHEARD } from "./note";

/** Shorter stops are ordinary: a hub that lost a device tries again after 10 s and more. */
export const STILL_MS = 5_000;
/** From here on somebody should look: within half a minute, so that one who looks every few seconds knows it by then. */
const STUCK_MS = 20_000;

/** What stands between a device's stream and the hub's. */
export function sourceNotes(look: Look): Note[] {
	const { device, class: name, hubStream, source, edge, link } = look;
	if (!source) return link.state === "unknown" ? [] : missing(look);
	const stream = edgeStreamName(device, name);
	const notes: Note[] = [];
	const reader = edge?.consumers[name];
	if (source.durable && reader === "missing") {
		const text = `consumer ${HUB_CONSUMER} on ${stream} is gone (deleted by hand?), and with it the hub's way in. ${HEAL} ${device} makes it anew`;
		notes.push({ code: "consumer-missing", class: name, text, needsHand: true });
	} else if (source.durable && reader !== undefined && reader !== "missing" && reader.changed) {
		const fields = reader.changed.join(", ");
		const text = `consumer ${HUB_CONSUMER} on ${stream} is not as leafline made it (${fields}): changed by hand? Messages may not reach the hub. ${HEAL} ${device} makes it as it was`;
		notes.push({ code: "consumer-changed", class: name, text, needsHand: true });
	} else if (reader !== undefined && reader !== "missing" && reader.pausedMs !== undefined) {
		const text = `consumer ${HUB_CONSUMER} on ${stream} is paused for ${clock(reader.pausedMs)} more: nothing reaches the hub. ${HEAL} ${device} resumes it`;
		notes.push({ code: "consumer-paused", class: name, text, needsHand: true });
	} else {
		const behind = behindNotes(look);
		notes.push(...(behind.length > 0 ? behind : standsStill(look)));
	}
	if (source.error) {
		const text = `${hubStream} takes nothing from ${stream}: ${source.error}. It tries again by itself; if it stays, see docs/status.md#source-error`;
		notes.push({ code: "source-error", class: name, text, needsHand: true });
	}
	return notes;
}

function missing({ outputs, device, class: name, hubStream, edge }: Look): Note[] {
	const retired = outputs.devices[device]?.retired === "lost";
	if (retired || !outputs.streams[hubStream]?.devices.includes(device)) return [];
	const waiting = edge?.streams[name]?.messages;
	const what = waiting ? `, ${plural(waiting, "message", WAIT)} there` : "";
	const text = `${hubStream} does not source ${edgeStreamName(device, name)}${what}: taken out by hand? ${RESTORE}`;
	return [{ code: "source-missing", class: name, text, needsHand: true }];
}

/** A position that does not move while messages wait and the link is up: the only sure sign of a source that stopped. */
function standsStill({ device, class: name, source, edge, link, memory, at }: Look): Note[] {
	const here = edge?.streams[name];
	if (!source || !edge || !here || link.state !== "up" || memory?.seq !== source.seq) return [];
	const waiting = waitingFor(edge, name, source.seq);
	const forMs = at - memory.since;
	if (waiting <= 0 || forMs < STILL_MS) return [];
	const stream = edgeStreamName(device, name);
	const still = `${stream} stands still at sequence ${count(source.seq)} for ${clock(forMs)} while ${plural(waiting, "message", WAIT)}`;
	const stuck = forMs >= STUCK_MS;
	const note = (why: string, needsHand = stuck): Note[] => [
		{ code: "stands-still", class: name, text: `${still}${why}`, needsHand },
	];
	if (edge.health) return note(": the device cannot write");
	const poison = here.next;
	if (poison && poison.headerBytes > poison.room) {
		const why = `message ${count(poison.seq)} has ${count(poison.headerBytes)} bytes of headers, more than the hub can take with its own`;
		return note(`: ${why}. ${HEAL} ${device} ${DROP} <folder> saves it there and takes it away`, true);
	}
	if (!stuck) return note("; the hub tries again every 10 s to 2 min after a link was down");
	const reader = edge.consumers[name];
	const consumer = reader === "missing" ? undefined : reader;
	if (source.durable && consumer?.heard === false) return note(`, and ${UNHEARD} ${PERMIT}; then ${HEAL} ${device}`);
	const told = source.slow ? ` (the hub says: ${source.slow})` : "";
	return note(`: ${stopped(consumer, source.seq)}${told}. ${HEAL} ${device} sets it to where the hub is`);
}

/** What shows of a source that stopped without an error. @param seq the hub's position */
function stopped(consumer: ConsumerFacts | undefined, seq: number): string {
	if (!consumer || consumer.underWay < consumer.window) return "its source stopped without an error";
	if ((consumer.delivered ?? 0) > seq)
		return `consumer ${HUB_CONSUMER} has sent a whole window, which the hub has not taken`;
	return `consumer ${HUB_CONSUMER} waits for acknowledgements of what the hub has (older than the hub's position)`;
}
