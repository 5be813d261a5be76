import { type Issue, type Path, parseYaml } from "./document";
import { ConfigError, type LocatedProblem, type Place } from "./errors";
import { checkFleet } from "./fleet-checks";
import { fleetOf } from "./fleet-model";
import { API_VERSION, FleetFile } from "./fleet-schema";
import { toIssues } from "./issues";
import type { Fleet } from "./model";
import { readTextFile } from "./text-file";

/** A fleet file as read: either `fleet`, or `problems` with everything that is wrong. */
export interface ParsedFleet {
	readonly fileName: string;
	/** Absent if there are problems. */
	readonly fleet?: Fleet;
	readonly problems: readonly LocatedProblem[];
	/** Where a path of the file stands, for problems that are found later. */
	locate(path: Path): Place;
}

/**
 * Reads and checks the text of a fleet file. Never throws.
 * @param fileName for messages only
 */
export function parseFleet(text: string, fileName: string): ParsedFleet {
	const document = parseYaml(text);
	const locate = (path: Path) => document.locate(path);
	const failed = (issues: readonly Issue[]): ParsedFleet => ({
		fileName,
		locate,
		problems: issues.map(({ path, message, remedy, place, atKey }) => ({
			path,
			message,
			remedy,
			document: "fleet",
			file: fileName,
			place: place ?? document.locate(path, atKey),
		})),
	});
	const file = document.value;
	if (file === undefined) return failed(document.issues);
	if (file === null) return failed([{ path: [], message: "is empty", remedy: "see docs/fleet.md for an example" }]);
	if (typeof file !== "object" || Array.isArray(file)) {
		return failed([{ path: [], message: "is not a fleet file", remedy: `it starts with apiVersion: ${API_VERSION}` }]);
	}
	const result = FleetFile.safeParse(file);
	const found = result.success ? [] : toIssues(result.error);
	// With another version, all else may be right.
	const version = found.filter((issue) => issue.path[0] === "apiVersion");
	if (version.length > 0 && "apiVersion" in file) return failed([...document.issues, ...version]);
	const issues = [...document.issues, ...found, ...checkFleet(document)];
	if (issues.length > 0 || !result.success) return failed(issues);
	return { fileName, locate, problems: [], fleet: fleetOf(result.data) };
}

const FLEET_FILE = {
	document: "fleet",
	missing: "set leafline:fleet to the path of a fleet file",
	what: "a fleet file",
	shorter: "write devices as ranges",
} as const;

/**
 * Reads and checks a fleet file.
 * @throws ConfigError with every mistake, or with why the file cannot be read
 */
export function openFleet(path: string): ParsedFleet & { readonly fleet: Fleet } {
	const parsed = parseFleet(readTextFile(path, { file: path, ...FLEET_FILE }), path);
	if (!parsed.fleet) throw new ConfigError(parsed.problems);
	return { ...parsed, fleet: parsed.fleet };
}

/** `openFleet` for those who need no places. */
export function readFleet(path: string): Fleet {
	return openFleet(path).fleet;
}
