import { readFileSync } from "node:fs";
import { parseYaml } from "./document";
import { formatProblems, type LocatedProblem, type Problem } from "./errors";
import type { ParsedFleet } from "./fleet";

/** The documents that problems point into. */
export interface Documents {
	readonly fleet?: Pick<ParsedFleet, "fileName" | "locate">;
	/** Path of `Pulumi.<stack>.yaml`; it need not exist, as settings may come from the command line. */
	readonly settingsFile: string;
}

/** What `topology/` or `parseSettings` found, each with its file, line and column, a line a problem. */
export function formatTopologyProblems(problems: readonly Problem[], documents: Documents): string {
	return formatProblems(locateProblems(problems, documents));
}

/** The same as data, for a `ConfigError`. */
export function locateProblems(problems: readonly Problem[], { fleet, settingsFile }: Documents): LocatedProblem[] {
	const settings = problems.some((problem) => problem.document === "settings") ? readSettings(settingsFile) : undefined;
	return problems.map((problem): LocatedProblem => {
		if (problem.document === "fleet") {
			return fleet
				? { ...problem, file: fleet.fileName, place: fleet.locate(problem.path) }
				: { ...problem, file: "fleet file" };
		}
		const [first, ...rest] = problem.path;
		// A name without a namespace has that of the project.
		const inFile = [`leafline:${first}`, String(first)].map((key) => ["config", key, ...rest]);
		const there = inFile.find((path) => settings?.has(path));
		const place = settings && there ? { place: settings.locate(there, problem.atKey) } : {};
		return {
			...problem,
			path: first === undefined ? [] : [`leafline:${first}`, ...rest],
			file: settingsFile,
			...place,
		};
	});
}

/** A setting that stands in no file has a default, or comes from elsewhere: it has no place. */
function readSettings(path: string) {
	try {
		const document = parseYaml(readFileSync(path, "utf8"), "settings");
		const config = (document.value as { config?: Record<string, unknown> } | null)?.config ?? {};
		return {
			has: (inFile: readonly (string | number)[]) => Object.hasOwn(config, String(inFile[1])),
			locate: document.locate,
		};
	} catch {
		return undefined;
	}
}
