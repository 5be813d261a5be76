import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parseYaml } from "../../config/document";
import { ConfigError, type LocatedProblem, type Place } from "../../config/errors";
import { readTextFile } from "../../config/text-file";
import type { PolicyConfig, Rule } from "../../policies/model";
import { readPackSettings } from "../../policies/pack-config";
import { messageOf, UserError } from "../errors";

/** The settings of the pack for a stack, or everything that is wrong with them, each at its place in the file. */
export interface PackConfig {
	readonly config?: PolicyConfig;
	readonly problems: readonly LocatedProblem[];
}

/**
 * Reads the file that `pulumi preview --policy-pack-config` takes.
 *
 * @param given path of the file. @default `policies/config/<stack>.json`, which need not exist
 * @throws UserError when it cannot be read
 */
export function readPackConfig(root: string, stack: string, rules: readonly Rule[], given?: string): PackConfig {
	const file = given ?? `policies/config/${stack}.json`;
	const path = isAbsolute(file) ? file : join(root, file);
	if (given === undefined && !existsSync(path)) return readPackSettings({}, rules, stack) as PackConfig;
	const text = readText(path, file);
	// The engine takes a file with nothing in it.
	const { content, problem } = parseJson(text.trim() === "" ? "{}" : text);
	if (problem) return { problems: [{ path: [], ...problem, document: "settings", file }] };
	const { config, problems } = readPackSettings(content, rules, stack);
	// JSON is YAML, whose reader knows where each part stands.
	const { locate } = parseYaml(text, "settings");
	const located = problems.map(({ path, message, remedy, atKey }): LocatedProblem => {
		return { path, message, remedy, document: "settings", file, place: locate(path, atKey) };
	});
	return { ...(config && { config }), problems: located };
}

function readText(path: string, file: string): string {
	try {
		const words = { missing: "name a file that exists", what: "such a file", shorter: "write patterns with *" };
		return readTextFile(path, { file, document: "settings", ...words });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const [{ message, remedy } = { message: "unknown error", remedy: "" }] = error.problems;
		throw new UserError(`${file} cannot be read: ${message}; ${remedy}`);
	}
}

function parseJson(text: string): { content?: unknown; problem?: { message: string; remedy: string; place: Place } } {
	try {
		return { content: JSON.parse(text) };
	} catch (error) {
		// Of what Node says only the position is taken; where the text ends too early it says none.
		const position = Number(/at position (\d+)/.exec(messageOf(error))?.[1] ?? text.length);
		const before = text.slice(0, position).split("\n");
		const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
		const remedy = "check quotes, commas and brackets; JSON has no comments";
		return { problem: { message: "is not JSON", remedy, place } };
	}
}
