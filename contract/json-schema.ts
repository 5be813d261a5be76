import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { doctorOutput } from "./doctor";
import { inventoryOutput } from "./inventory";
import { stackOutputs } from "./outputs";
import { retireOutput } from "./retire";
import { rolloutOutput } from "./rollout";
import { statusOutput } from "./status";

/** What other programs read of leafline, each with a JSON Schema (2020-12) in `docs/schema/`. */
const CONTRACTS = {
	outputs: {
		title: "Outputs of a leafline stack",
		description: "What `pulumi stack output --json --show-secrets` prints.",
		schema: stackOutputs,
	},
	inventory: {
		title: "Devices of a leafline stack",
		description: "What `leafline inventory --json` prints.",
		schema: inventoryOutput,
	},
	status: {
		title: "State of a leafline stack",
		description: "What `leafline status --json` prints.",
		schema: statusOutput,
	},
	doctor: {
		title: "Findings of leafline's doctor",
		description: "What `leafline doctor --json` prints.",
		schema: doctorOutput,
	},
	retire: {
		title: "What is left on a device that leaves",
		description: "What `leafline retire DEVICE --json` prints.",
		schema: retireOutput,
	},
	rollout: {
		title: "State of a rollout",
		description: "What `leafline rollout status --json` prints.",
		schema: rolloutOutput,
	},
} as const;

export type Contract = keyof typeof CONTRACTS;

/** Names of the files in `docs/schema/`, without their ending. */
export const contracts = Object.keys(CONTRACTS) as Contract[];

/** The text of `docs/schema/<contract>.json`. */
export function jsonSchemaText(contract: Contract): string {
	const { schema, ...about } = CONTRACTS[contract];
	const text = { ...about, ...z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" }) };
	return `${JSON.stringify(text, undefined, "\t")}\n`;
}

if (require.main === module)
	for (const name of contracts) writeFileSync(join("docs", "schema", `${name}.json`), jsonSchemaText(name));
