import type { LeaflineOutput } from "../../../contract/outputs";
import type { Cut } from "../../../topology/cut-note";
import { mostTaken, type PowerCutLoss } from "../../../topology/power-cut";
import { moment } from "../../format";
import { memoryKey } from "../remembered";
import type { EdgeFacts, Facts } from "../seen";
import type { Note } from "./note";

/** How long it is told where nobody says that he has seen it. */
const TOLD_MS = 7 * 86_400_000;

/** Clocks of devices differ; what is further ahead is no time that anybody can do something with. */
const AHEAD_MS = 86_400_000;

/** A device whose server ended without notice: when, and what that may have cost. */
export function cutNotes(
	outputs: LeaflineOutput,
	{ memory, at: now }: Pick<Facts, "memory" | "at">,
	device: string,
	edge: EdgeFacts | undefined,
): Note[] {
	const cut = lastCut(edge);
	if (!cut || now - cut.at > TOLD_MS || cut.at - now > AHEAD_MS) return [];
	const classes = Object.keys(outputs.devices[device]?.hubStreams ?? {});
	const seen = classes.some((name) => (memory?.[memoryKey(device, name)]?.cutSeen ?? 0) >= cut.at);
	if (seen) return [];
	const budget = outputs.budgets.buffer[outputs.devices[device]?.group ?? ""]?.classes ?? {};
	const planned = classes.flatMap((name): [string, PowerCutLoss][] => {
		const powerCut = budget[name]?.powerCut;
		return powerCut ? [[name, powerCut]] : [];
	});
	const when =
		cut.after === undefined ? `before ${moment(cut.at)}` : `between ${moment(cut.after)} and ${moment(cut.at)}`;
	const taken =
		planned.length > 0
			? ` A power cut took ${mostTaken(Object.fromEntries(planned))}, of what the hub had not got; a server that was only killed has lost nothing.`
			: "";
	const text = `its server ended without notice ${when}, by its own clock.${taken} npx leafline status --seen puts this away`;
	return [{ code: "power-cut", text, needsHand: false }];
}

/** The newest one that any of its streams tells of. */
export function lastCut(edge: EdgeFacts | undefined): Cut | undefined {
	return Object.values(edge?.streams ?? {})
		.flatMap(({ cut }) => (cut ? [cut] : []))
		.sort((a, b) => b.at - a.at)[0];
}
