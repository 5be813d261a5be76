import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fuzz, session } from "./fuzz/fuzz";
import { type Stage, startStage } from "./matrix/stage";

/** `npm run fuzz -- --minutes 20 --seed 7 --nodes 3` does it for longer. */
const seed = Number(process.env.LEAFLINE_SEED ?? 1);
const seconds = Number(process.env.LEAFLINE_FUZZ_SECONDS ?? 20);
const nodes = process.env.LEAFLINE_FUZZ_NODES === "3" ? 3 : 1;
const first = Number(process.env.LEAFLINE_FUZZ_FIRST ?? 0);

describe(`somebody with a device's credentials who says anything, with seed ${seed}`, () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await startStage({ walls: "up", nodes });
	});
	afterAll(() => stage?.close());

	it("says the same again with the same seed", () => {
		expect(session(seed, 3)).toEqual(session(seed, 3));
		expect(session(seed, 3)).not.toEqual(session(seed, 4));
		expect(session(seed, 3)).not.toEqual(session(seed + 1, 3));
	});

	it(
		"changes nothing of others', and their data arrives once and in order meanwhile",
		async () => {
			const done = await fuzz(stage, { seed, seconds, first, say: (text) => process.stderr.write(`${text}\n`) });
			if (seconds > 60) process.stderr.write(`${JSON.stringify(done)}\n`);
			expect(done.found).toEqual([]);
			expect(done.flowed).toBeGreaterThan(0);
			// Not everything it says is refused, and not everything is taken.
			expect(done.closed).toBeGreaterThan(0);
			expect(done.sessions - done.closed - done.refused).toBeGreaterThan(0);
		},
		seconds * 1_000 + 300_000,
	);
});

describe("the same at a hub without leafline's change to nats-server", () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await startStage({ walls: "up", nodes: 1, officialServer: true });
	}, 240_000);
	afterAll(() => stage?.close());

	it("finds a command that another device was given", async () => {
		const { found } = await fuzz(stage, { seed: 1, seconds: 120, first: 640, say: () => {} });
		expect(found.join()).toMatch(/hub_commands state: .*LEAFLINE_SEED=1/);
	}, 420_000);
});
