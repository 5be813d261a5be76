import type { PolicyConfigSchema } from "@pulumi/policy";
import { MINIMUM_SERVER } from "../../components/hub/version";
import type { PolicyConfig } from "../model";

const LEVELS = ["mandatory", "advisory", "disabled"] as const;

/** Of the policy `leafline`, which holds the settings of the whole pack. */
export const CONFIG_SCHEMA: PolicyConfigSchema = {
	properties: {
		allowedPorts: { type: "array", items: { type: "integer", minimum: 1, maximum: 65_535 }, default: [] },
		minimumServer: { type: "string", pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$", default: MINIMUM_SERVER },
		maximumWindow: { type: "integer", minimum: 1, default: 10_000 },
		// No default: it follows from the stack's name.
		production: { type: "boolean" },
		severity: { type: "object", additionalProperties: { type: "string", enum: [...LEVELS] }, default: {} },
		exemptions: {
			type: "array",
			default: [],
			items: {
				type: "object",
				properties: {
					resource: { type: "string", minLength: 1 },
					rule: { type: "string", minLength: 1 },
					reason: { type: "string", minLength: 1 },
					expires: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
				},
				required: ["resource", "rule", "reason", "expires"],
			},
		},
	},
};

/** The settings for a stack, where each that is not stated has its default. */
export function readConfig(stated: Partial<PolicyConfig>, stack: string, today = new Date()): PolicyConfig {
	return {
		allowedPorts: stated.allowedPorts ?? [],
		minimumServer: stated.minimumServer ?? MINIMUM_SERVER,
		maximumWindow: stated.maximumWindow ?? 10_000,
		production: stated.production ?? isProduction(stack),
		severity: stated.severity ?? {},
		exemptions: stated.exemptions ?? [],
		today: today.toISOString().slice(0, 10),
	};
}

export function isProduction(stack: string): boolean {
	return ["prod", "production"].includes(stack.toLowerCase());
}

/** Name of the stack that a resource belongs to: the first part of its URN. */
export function stackOf(urn: string | undefined): string {
	return urn?.split("::")[0]?.replace(/^urn:pulumi:/, "") ?? "";
}
