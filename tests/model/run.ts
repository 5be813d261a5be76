import { perform } from "./perform";
import { type Outcome, settle } from "./settle";
import type { Scenario, Step } from "./steps";
import { World } from "./world";

export interface RunOptions {
	/** Told of each step before it is done. */
	readonly onStep?: (step: Step, index: number) => void;
	/** Told what happens beside the steps. */
	readonly onNote?: (text: string) => void;
	/** Devices start without the device program's gate: the model must find what is lost then. */
	readonly withoutGate?: boolean;
	/** Asked before each step; true ends the run without a verdict. */
	readonly stop?: () => boolean;
	/** Given the world before it is taken away, to look at what is left. */
	readonly inspect?: (world: World, outcome: Outcome) => Promise<void>;
}

/** Does everything that a scenario says on servers of its own, and judges. Leaves no process and no file behind. */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<Outcome> {
	const world = await World.start(scenario, options.onNote);
	world.gated = !options.withoutGate;
	try {
		for (const [index, step] of scenario.steps.entries()) {
			if (options.stop?.()) break;
			options.onStep?.(step, index);
			try {
				await perform(world, step);
			} catch (error) {
				world.fault(`step ${index + 1}, ${JSON.stringify(step)}: ${(error as Error).message}`);
			}
		}
		const outcome = await settle(world);
		await options.inspect?.(world, outcome);
		return outcome;
	} finally {
		await world.close();
	}
}

/** @example "edge1 can: 12 lost (7, 8, 9, 10, 11, …)" */
export function findings({ bad, faults }: Outcome): string[] {
	const lanes = bad.flatMap(({ lane, verdict }) =>
		(["lost", "twice", "reordered", "strange"] as const).flatMap((kind) => {
			const ids = verdict[kind];
			if (ids.length === 0) return [];
			return [
				`${lane}: ${ids.length} ${kind} of ${verdict.acknowledged} (${ids.slice(0, 5).join(", ")}${ids.length > 5 ? ", …" : ""})`,
			];
		}),
	);
	return [...lanes, ...faults];
}
