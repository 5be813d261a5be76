import { createRequire } from "node:module";

const { provideOfficialServer } = createRequire(__filename)(
	"../../toolchain/official-server.js",
) as typeof import("../../toolchain/official-server.js");

/**
 * Path of a `nats-server` without leafline's change, for the tests that show what the change is good for. Built once
 * from the same module where there is none; needs Go then, and half a minute.
 */
export const officialServer = (): Promise<string> => provideOfficialServer(process.env);
