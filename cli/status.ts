import type { StackOutputs } from "../contract/outputs";
import { Edges } from "./edges";
import { messageOf } from "./errors";
import { look } from "./facts";
import { type Hub, openHub } from "./hub";
import { readCuts } from "./links";
import { canRedraw, Screen } from "./screen";
import { type Facts, type FleetState, fleetState } from "./state";
import { heading, statusLines } from "./view";

export interface StatusOptions {
	readonly json?: boolean;
	readonly watch?: boolean;
}

const EVERY_MS = 1000;

/** Prints the state of the fleet, once or until it is interrupted. Exit code 1 if the hub does not answer. */
export async function status(outputs: StackOutputs, { json = false, watch = false }: StatusOptions): Promise<number> {
	let hub: Hub | undefined;
	const screen = watch && canRedraw(process.stdout) ? new Screen(process.stdout) : undefined;
	let known: Facts["edges"] = {};
	let edges: Edges | undefined;
	try {
		for (;;) {
			const asked = hub ?? (await openHub(outputs).catch(messageOf));
			if (typeof asked !== "string" && !hub) {
				hub = asked;
				await edges?.close();
				edges = undefined;
			}
			edges ??= new Edges(outputs.leafline, hub);
			const facts = await look(outputs.leafline, asked, edges, () => readCuts(outputs.leafline));
			const state = fleetState(outputs.leafline, facts, known);
			known = { ...known, ...facts.edges };
			const lines = json
				? [JSON.stringify(statusJson(state))]
				: [heading(outputs.leafline, hub?.version ?? ""), "", ...statusLines(state)];
			if (screen) screen.draw(lines);
			else process.stdout.write(`${lines.join("\n")}\n${watch && !json ? "\n" : ""}`);
			if (!watch) return state.hub.error === undefined ? 0 : 1;
			await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
		}
	} finally {
		screen?.done();
		await edges?.close();
		await hub?.close();
	}
}

/** The form of `--json`: one object, versioned like the outputs. */
export function statusJson(state: FleetState): Record<string, unknown> {
	return {
		schemaVersion: 1,
		environment: state.environment,
		at: new Date(state.at).toISOString(),
		hub: state.hub,
		devices: Object.fromEntries(state.devices.map(({ device, ...rest }) => [device, rest])),
	};
}
