import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { readConfig } from "../../policies/adapter/config";
import type { PolicyConfig, Severity } from "../../policies/model";
import { messageOf, UserError } from "../errors";

const Level = z.enum(["mandatory", "advisory", "disabled"]);

/** Settings of the pack under its own name, and a level, or an object that has one, under a rule's. */
const Settings = z.strictObject({
	enforcementLevel: Level.optional(),
	allowedPorts: z.array(z.int().min(1).max(65_535)).optional(),
	minimumServer: z
		.string()
		.regex(/^\d+\.\d+\.\d+$/)
		.optional(),
	maximumWindow: z.int().min(1).optional(),
	production: z.boolean().optional(),
	severity: z.record(z.string(), Level).optional(),
	exemptions: z
		.array(
			z.strictObject({
				resource: z.string().min(1),
				rule: z.string().min(1),
				reason: z.string().min(1),
				expires: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
			}),
		)
		.optional(),
});
const RuleLevel = z.union([Level, z.object({ enforcementLevel: Level })]);
const PackConfigFile = z.object({ leafline: Settings.optional() }).catchall(RuleLevel);

/**
 * The settings of the pack for a stack, from the file that `pulumi preview --policy-pack-config` takes.
 *
 * @param given path of the file. @default `policies/config/<stack>.json`, which need not exist
 * @throws UserError when it cannot be read, or is not such a file
 */
export function readPackConfig(root: string, stack: string, given?: string): PolicyConfig {
	const file = given ?? `policies/config/${stack}.json`;
	const path = isAbsolute(file) ? file : join(root, file);
	if (given === undefined && !existsSync(path)) return readConfig({}, stack);
	let content: unknown;
	try {
		content = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		throw new UserError(`${file} cannot be read: ${messageOf(error)}`);
	}
	const result = PackConfigFile.safeParse(content);
	if (!result.success)
		throw new UserError(`${file} is no configuration of the pack:\n${z.prettifyError(result.error)}`);
	const { leafline = {}, ...rules } = result.data;
	const levels = Object.entries(rules as Record<string, z.infer<typeof RuleLevel>>).map(
		([name, level]): [string, Severity | "disabled"] => [
			name,
			typeof level === "string" ? level : level.enforcementLevel,
		],
	);
	const { enforcementLevel, ...stated } = leafline;
	const severity = { ...Object.fromEntries(levels), ...stated.severity };
	return readConfig({ ...(stated as Partial<PolicyConfig>), severity }, stack);
}
