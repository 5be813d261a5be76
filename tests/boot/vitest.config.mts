import { defineConfig } from "vitest/config";

/** `npm run test:boot`: one machine taken through its life, so that each test stands on those before it. */
export default defineConfig({
	test: {
		include: ["tests/boot/**/*.test.ts"],
		fileParallelism: false,
		// Processes die with the worker only if it is one of its own.
		pool: "forks",
		bail: 1,
		// An emulated machine on two shared cores: each wait has a condition and a deadline of its own.
		testTimeout: 5_400_000,
		hookTimeout: 600_000,
	},
});
