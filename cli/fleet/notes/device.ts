import { foreign } from "../../../config/printable";
import { edgeStreamName } from "../../../topology/names";
import { clock, percent } from "../../format";
import { type Cause, waitingFor } from "../seen";
import type { Look, Note } from "./note";

/** What the system calls EROFS. */
const READ_ONLY = /read-only file system/i;

/** So full of what the hub has that nobody seems to make room. */
const TOO_FULL = 0.5;

/** Notes on a device as a whole. @param cause why it is not connected, as far as this machine can see */
export function awayNotes(
	{ outputs, device, edge, link }: Pick<Look, "outputs" | "device" | "edge" | "link">,
	{ cause, silence }: { readonly cause?: Cause | undefined; readonly silence?: string | undefined },
): Note[] {
	const notes: Note[] = [];
	const { retired } = outputs.devices[device] ?? {};
	const pending = outputs.pending[device];
	if (pending) {
		const back = link.state === "up" && edge ? "; it answers now: npm run up" : "";
		const text = `waits for the next update: ${foreign(pending)}${back}`;
		notes.push({ code: "pending", text, needsHand: back !== "" });
	}
	if (retired === "lost") return notes;
	const away = link.state === "down" || link.state === "never seen";
	if (cause) {
		const { code = "not-connected", text, mends = false } = cause;
		notes.push({ code, text, needsHand: !mends });
	} else if (link.state === "never seen") {
		const text =
			"has never connected: does its nats-server run, with its own leaf.conf and credentials, and can it reach port 7422 of the hub? Its log says why not";
		notes.push({ code: "never-connected", text, needsHand: false });
	} else if (link.state === "down" && !outputs.local) {
		const text = `not connected for ${clock(link.forMs)}; the hub cannot tell why. The log of its nats-server does, on the device`;
		notes.push({ code: "not-connected", text, needsHand: false });
	}
	if (edge?.health) {
		const remedy = READ_ONLY.test(edge.health)
			? "Its disk has gone read-only: mount it read-write, after a check of its file system, then restart its nats-server: it does not try again by itself"
			: "Is its disk full? Make room there: its device program then restarts its nats-server, which does not try again by itself; where none runs, restart it";
		const text = `its JetStream cannot write: ${edge.health}. Publishers are refused or wait. ${remedy}`;
		notes.push({ code: "write-error", text, needsHand: true });
	}
	if (!edge && silence && !away && link.state === "up") {
		const down = /JetStream/.test(silence);
		const text = down
			? "its link is up but its JetStream does not run: disk full, or a store that cannot be read? Its log says which; make room, then restart its nats-server"
			: `its link is up but it does not answer (${silence}): busy, or a slow link. Look again; if it stays, see its log`;
		notes.push({ code: down ? "jetstream-down" : "no-answer", text, needsHand: down });
	}
	return notes;
}

/** A class that refuses when it is full, and is full of what the hub has. */
export function roomNotes({ outputs, device, class: name, source, edge }: Look): Note[] {
	const here = edge?.streams[name];
	if (!source || !edge || !here || outputs.classes[name]?.whenFull !== "refuse") return [];
	const { maxBytes = 0 } = outputs.budgets.buffer[outputs.devices[device]?.group ?? ""]?.classes[name] ?? {};
	const had = here.bytes - unsentBytes(here, waitingFor(edge, name, source.seq));
	if (had <= TOO_FULL * maxBytes) return [];
	const text = `${edgeStreamName(device, name)} is ${percent(had / maxBytes)} full of messages that the hub has; npx leafline trim makes room`;
	return [{ code: "no-room", class: name, text, needsHand: true }];
}

/** Bytes of a stream that the hub has not got. @param backlog messages that it has not got */
export function unsentBytes(
	{ messages, bytes }: { readonly messages: number; readonly bytes: number },
	backlog: number,
): number {
	return messages === 0 ? 0 : bytes * Math.min(1, backlog / messages);
}
