import { isAbsolute, relative, resolve } from "node:path";
import { ConfigError, type LocatedProblem, type Problem } from "../config/errors";
import { openFleet, type ParsedFleet } from "../config/fleet";
import { locateProblems } from "../config/report";
import { parseSettings } from "../config/settings";
import { tooManyLocal } from "../topology/local-ports";
import type { Topology } from "../topology/model";
import { plan } from "../topology/plan";

/** Where a stack's settings and its fleet are. */
export interface DesignSource {
	/** Folder of the project. */
	readonly root: string;
	readonly stack: string;
	/** Settings of namespace `leafline`, without the namespace. */
	readonly raw: Readonly<Record<string, unknown>>;
	/** File of the settings from the project's folder, for places; it need not exist. */
	readonly settingsFile: string;
	/** `aws:region`, where the settings have it. @default that of the environment */
	readonly region?: string | undefined;
}

/** What the settings and the fleet file lead to: `topology`, or `problems` with everything that is wrong. */
export interface ReadDesign {
	readonly topology?: Topology;
	readonly problems: readonly LocatedProblem[];
	/** Gives what is found later its file, line and column. */
	locate(problems: readonly Problem[]): LocatedProblem[];
}

/**
 * Reads, checks and plans. Program and offline check both go through here, so that they judge alike and in the same
 * words; what only a machine or an account can tell is asked elsewhere.
 */
export function readDesign({ root, stack, raw, settingsFile, region }: DesignSource): ReadDesign {
	const locate = (problems: readonly Problem[], fleet?: ParsedFleet): LocatedProblem[] =>
		locateProblems(problems, { settingsFile: resolve(root, settingsFile), ...(fleet && { fleet }) }).map((problem) => ({
			...problem,
			file: fromRoot(root, problem.file),
		}));
	const parsed = parseSettings(stack, raw, region ?? regionOf(process.env));
	const { settings } = parsed;
	if (settings === undefined) return { problems: locate(parsed.problems), locate };
	try {
		const fleet = openFleet(resolve(root, settings.fleet));
		const here = (found: readonly Problem[]) => locate(found, fleet);
		const { topology, problems } = plan(fleet.fleet, settings);
		const against = topology ? tooManyLocal(topology) : problems;
		return { ...(topology && against.length === 0 && { topology }), problems: here(against), locate: here };
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return { problems: error.problems.map((problem) => ({ ...problem, file: fromRoot(root, problem.file) })), locate };
	}
}

/** The region that AWS's own tools would take. */
export function regionOf({ AWS_REGION, AWS_DEFAULT_REGION }: NodeJS.ProcessEnv): string | undefined {
	return AWS_REGION || AWS_DEFAULT_REGION || undefined;
}

function fromRoot(root: string, file: string): string {
	const path = relative(root, resolve(root, file));
	return path.startsWith("..") || isAbsolute(path) ? file : path.split("\\").join("/");
}
