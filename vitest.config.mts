import { defineConfig } from "vitest/config";

/** What they show is a time, or how much memory a process takes: nothing else may take of the machine meanwhile. */
const ALONE = [
	"tests/bench/**/*.test.ts",
	"tests/datapath/priority.test.ts",
	"tests/device/keep-memory.test.ts",
	"tests/model/model.test.ts",
];

export default defineConfig({
	test: {
		setupFiles: ["tests/support/seed.ts"],
		testTimeout: 60_000,
		hookTimeout: 120_000,
		projects: [
			{
				extends: true,
				test: {
					name: "pairs",
					include: ["tests/**/*.test.ts"],
					// `tests/boot` needs root and an emulator, and takes long: `npm run test:boot`.
					exclude: ["tests/boot/**", ...ALONE],
					// Most of the time they wait for servers. More of them would have a deadline measure the queue.
					maxWorkers: 2,
					sequence: { groupOrder: 1 },
				},
			},
			{
				extends: true,
				test: { name: "alone", include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } },
			},
		],
	},
});
