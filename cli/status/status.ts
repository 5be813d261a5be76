import type { StackOutputs } from "../../contract/outputs";
import { messageOf } from "../errors";
import { Edges } from "../fleet/edges";
import { look } from "../fleet/facts";
import { type Hub, openHub } from "../fleet/hub";
import { Journal } from "../fleet/journal/read";
import type { Facts } from "../fleet/seen";
import { type FleetState, fleetState } from "../fleet/state";
import { readCuts } from "../links/links";
import { canRedraw, Screen } from "../screen";
import { lookCloser } from "./closer";
import { loadMemory, rememberSeen, saveMemory } from "./memory";
import { heading, statusLines } from "./view";

export interface StatusOptions {
	readonly json?: boolean;
	readonly watch?: boolean;
	/** What is only told is not told again. */
	readonly seen?: boolean;
}

const EVERY_MS = 1000;

/** With `--watch`, how many looks go by before what they leave for the next is written down. */
const KEEP_EVERY = 10;

/** Of `status`; `docs/status.md` promises them. */
export const EXIT = { well: 0, noHub: 1, needsHand: 2 } as const;

/** Prints the state of the fleet, once or until it is interrupted, and gives the exit code. */
export async function status(
	outputs: StackOutputs,
	{ json = false, watch = false, seen: hasSeen = false }: StatusOptions,
): Promise<number> {
	let hub: Hub | undefined;
	const screen = watch && canRedraw(process.stdout) ? new Screen(process.stdout) : undefined;
	let known: Facts["edges"] = {};
	let edges: Edges | undefined;
	let memory = loadMemory(outputs.leafline);
	const journal = new Journal(outputs.leafline, outputs.access?.adminCreds ?? "");
	try {
		for (let looks = 0; ; looks++) {
			const asked = hub ?? (await openHub(outputs).catch(messageOf));
			if (typeof asked !== "string" && !hub) {
				hub = asked;
				await edges?.close();
				edges = undefined;
			}
			edges ??= new Edges(outputs.leafline, hub);
			const reading = hub && journal.read(hub.connection);
			const first = await look(outputs.leafline, asked, edges, () => readCuts(outputs.leafline));
			const seen = await lookCloser(outputs.leafline, first, { hub, edges, before: memory, wait: !watch });
			const kept = await reading;
			const facts: Facts = { ...seen, ...(kept && { journal: kept }) };
			memory = facts.memory ?? memory;
			// What this look shows is what is put away.
			if (hasSeen) memory = rememberSeen(memory, facts);
			if (looks % KEEP_EVERY === 0) saveMemory(outputs.leafline, memory);
			const state = fleetState(outputs.leafline, facts, known);
			known = { ...known, ...facts.edges };
			const lines = json
				? [JSON.stringify(statusJson(state))]
				: [
						heading(outputs.leafline, versionText(state.hub.versions) || (hub?.version ?? "")),
						"",
						...statusLines(state, process.stdout.isTTY ? process.stdout.columns : undefined),
					];
			if (screen) screen.draw(lines);
			else process.stdout.write(`${lines.join("\n")}\n${watch && !json ? "\n" : ""}`);
			if (!watch) return exitCode(state);
			await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
		}
	} finally {
		screen?.done();
		await edges?.close();
		await hub?.close();
	}
}

/** Of all nodes, which have the same but while an update goes from one to the next. */
const versionText = (versions: FleetState["hub"]["versions"] = {}) =>
	[...new Set(Object.values(versions))].sort().join(" and ");

function exitCode(state: FleetState): number {
	if (state.hub.error !== undefined) return EXIT.noHub;
	return needsHand(state) ? EXIT.needsHand : EXIT.well;
}

const needsHand = ({ hub, devices }: FleetState) =>
	[hub, ...devices].some(({ notes }) => notes.some((note) => note.needsHand));

/** The form of `--json`: one object, versioned like the outputs. */
export function statusJson(state: FleetState): Record<string, unknown> {
	return {
		schemaVersion: 2,
		environment: state.environment,
		at: new Date(state.at).toISOString(),
		needsHand: needsHand(state),
		hub: state.hub,
		devices: Object.fromEntries(state.devices.map(({ device, ...rest }) => [device, rest])),
	};
}
