import { edgeStreamName } from "../../../topology/names";
import { BLOCK } from "../../../topology/reserve";
import { clock, count, plural } from "../../format";
import { vanishedFrom } from "../seen";
import type { Look, Note } from "./note";

/** Messages that are gone from a device although the hub never had them: such a stream has nothing waiting, and is not well. */
export function vanishedNotes({ outputs, device, class: name, source, edge, memory, at }: Look): Note[] {
	const here = edge?.streams[name];
	const stream = edgeStreamName(device, name);
	const gone = here && source ? vanishedFrom(here, source.seq) : 0;
	const note = (text: string, needsHand: boolean): Note[] => [{ code: "vanished", class: name, text, needsHand }];
	if (gone === 0) {
		if (!memory?.vanished) return [];
		const { messages, at: seen } = memory.vanished;
		return note(
			`${stream}: ${plural(messages, "message", ["was", "were"])} gone before the hub had them, seen ${clock(at - seen)} ago`,
			false,
		);
	}
	const what = `${stream}: ${plural(gone, "message", ["is", "are"])} gone from the device that the hub never had`;
	if (outputs.classes[name]?.whenFull === "drop-oldest")
		return note(`${what}: it was full, and drops its oldest`, false);
	// A stream that held nothing when it was moved on after a power cut looks the same.
	if (gone >= BLOCK)
		return note(
			`${stream}: its sequences begin ${count(gone)} beyond the hub's. After a power cut that is a device's own doing and nothing is missing (docs/device.md); else they were deleted on the device`,
			false,
		);
	return note(
		`${what}: purged or deleted there by hand or by a program. What is gone is lost; find out who does that`,
		true,
	);
}
