import { z } from "zod";
import { API_VERSION, FleetFile } from "./fleet-schema";

/**
 * The JSON Schema of the fleet file, by which editors complete, explain and check it. It knows the shape and each
 * field's form; what fields have to do with each other only `parseFleet` checks.
 * @returns the text of `docs/schema/fleet.json`
 */
export function fleetJsonSchema(): string {
	const schema = z.toJSONSchema(FleetFile, {
		io: "input",
		target: "draft-2020-12",
		// zod leaves out the examples of what it converts, for they could be meant as output.
		override: ({ zodSchema, jsonSchema }) => {
			const inner = "innerType" in zodSchema._zod.def ? zodSchema._zod.def.innerType : zodSchema;
			const { examples } = z.globalRegistry.get(inner as z.ZodType) ?? {};
			if (Array.isArray(examples)) jsonSchema.examples = examples;
		},
	});
	const head = { $schema: schema.$schema, title: `Fleet file, ${API_VERSION}` };
	return `${JSON.stringify({ ...head, ...schema }, null, "\t")}\n`;
}
