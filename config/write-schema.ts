import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fleetJsonSchema } from "./generate-schema";

/** Refreshes `docs/schema/fleet.json` after a change of `fleet-schema.ts`: `npm run build && node bin/config/write-schema.js`. */
const target = resolve(__dirname, "../../docs/schema/fleet.json");
writeFileSync(target, fleetJsonSchema());
console.log(`wrote ${target}`);
