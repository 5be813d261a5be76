import { z } from "zod";
import { stackOutputs } from "./outputs";

/** The JSON Schema (2020-12) of a stack's outputs, as `docs/schema/outputs.json` holds it. */
export function outputsJsonSchema(): Record<string, unknown> {
	return {
		title: "Outputs of a leafline stack",
		description: "What `pulumi stack output --json --show-secrets` prints.",
		...z.toJSONSchema(stackOutputs, { target: "draft-2020-12", io: "input" }),
	};
}

/** The text of `docs/schema/outputs.json`. */
export function outputsJsonSchemaText(): string {
	return `${JSON.stringify(outputsJsonSchema(), undefined, "\t")}\n`;
}

if (require.main === module) process.stdout.write(outputsJsonSchemaText());
