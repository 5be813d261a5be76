import { createRequire } from "node:module";
import { resolve } from "node:path";

/**
 * Path of a `nats-server` without leafline's change, for what shows what the change is good for, and what it costs. Built
 * once from the same module where there is none; needs Go then, and half a minute.
 */
export function officialServer(): Promise<string> {
	// From the project's folder, for benchmarks run where they are compiled to.
	const { provideOfficialServer } = createRequire(resolve("package.json"))("./toolchain/official-server.js") as {
		provideOfficialServer(env: NodeJS.ProcessEnv): Promise<string>;
	};
	return provideOfficialServer(process.env);
}
