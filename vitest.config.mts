import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["tests/**/*.test.ts"],
		// Needs root and an emulator, and takes long: `npm run test:boot`.
		exclude: ["tests/boot/**"],
		// Real servers on two cores: files one after the other, so that a deadline measures the server and not the queue.
		fileParallelism: false,
		setupFiles: ["tests/support/seed.ts"],
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
