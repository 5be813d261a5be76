import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseYaml, type YamlDocument } from "./document";
import type { LocatedProblem } from "./errors";
import { isFields, mapOf } from "./loose";
import { rawSettings } from "./stack-settings";
import { readTextFile } from "./text-file";

/** A stack's settings as its files have them. */
export interface StackFile {
	/** Path from the project's folder. */
	readonly file: string;
	/** Namespace `leafline`, without the namespace. Values that only the stack's key can open are left out. */
	readonly raw: Readonly<Record<string, unknown>>;
	/** `aws:region`. */
	readonly region?: string;
	/** What is no YAML, or not the same to every reader of it. */
	readonly problems: readonly LocatedProblem[];
}

const SETTINGS_FILE = {
	document: "settings",
	missing: "pulumi stack init makes a stack",
	what: "a file of settings",
	shorter: "what the fleet is like belongs into the fleet file",
} as const;

/** Files that have a stack's settings; the local one's is made from `stacks/local.yaml` when it first comes up. */
export function stackFiles(stack: string): [string, string] {
	return [`Pulumi.${stack}.yaml`, `stacks/${stack}.yaml`];
}

/**
 * Reads a stack's settings without the engine, as the engine reads them: those of the project (`Pulumi.yaml`) stand
 * where the stack has none of its own, and a name without a namespace has that of the project.
 *
 * @param root folder of the project
 * @returns undefined where the stack has no file
 * @throws ConfigError when a file cannot be read
 */
export function readStackFile(root: string, stack: string): StackFile | undefined {
	const file = stackFiles(stack).find((name) => existsSync(join(root, name)));
	if (file === undefined) return undefined;
	const project = open(root, "Pulumi.yaml");
	const { document, problems } = open(root, file) ?? { problems: [] };
	const name = mapOf(project?.document.value).name;
	const shared = Object.entries(configOf(project?.document, name)).map(([key, given]) => [key, statedOf(given)]);
	const config = { ...Object.fromEntries(shared), ...configOf(document, name) };
	const region = config["aws:region"];
	return {
		file,
		problems: [...(project?.problems ?? []), ...problems],
		raw: rawSettings(config),
		...(typeof region === "string" && { region }),
	};
}

function open(root: string, file: string): { document: YamlDocument; problems: LocatedProblem[] } | undefined {
	const path = join(root, file);
	if (file === "Pulumi.yaml" && !existsSync(path)) return undefined;
	const document = parseYaml(readTextFile(path, { file, ...SETTINGS_FILE }), "settings");
	const located = document.issues.map(
		({ path, message, remedy, place, atKey }): LocatedProblem => ({
			path: withoutConfig(path),
			message,
			remedy,
			document: "settings",
			file,
			place: place ?? document.locate(path, atKey),
		}),
	);
	return { document, problems: [...located, ...ambiguous(document, file)] };
}

/** To the engine, `0755` is 493 and `1_000` is 1000; whoever wrote it may have meant something else. */
function ambiguous({ ambiguous, locate }: YamlDocument, file: string): LocatedProblem[] {
	const own = ambiguous.filter(({ path: [top, key] }) => top === "config" && !/^(?!leafline:)[^:]*:/.test(String(key)));
	return own.map(({ path, written }) => ({
		path: withoutConfig(path),
		message: `${written} is not the same to every reader of YAML`,
		remedy: "write a plain decimal number, or put it in quotes",
		document: "settings",
		file,
		place: locate(path),
	}));
}

function withoutConfig(path: LocatedProblem["path"]): LocatedProblem["path"] {
	return path[0] === "config" ? path.slice(1) : path;
}

function configOf(document: YamlDocument | undefined, project: unknown): Record<string, unknown> {
	const entries = Object.entries(mapOf(mapOf(document?.value).config));
	const named = entries.map(([key, value]) => [key.includes(":") ? key : `${project}:${key}`, opened(value)] as const);
	return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** In `Pulumi.yaml` a setting may be described rather than stated. */
function statedOf(given: unknown): unknown {
	if (!isFields(given)) return given;
	return "value" in given ? given.value : given.default;
}

/** Without what only the stack's key can open: `{ secure: … }` is what the engine writes for an encrypted value. */
function opened(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(opened).filter((item) => item !== undefined);
	if (!isFields(value)) return value;
	if (Object.keys(value).length === 1 && typeof value.secure === "string") return undefined;
	const entries = Object.entries(value).map(([key, inner]) => [key, opened(inner)] as const);
	return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}
