import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Topology } from "../../topology/model";
import { movedSources, REFUSED_REMEDY, refusedSources, type Sources } from "../../topology/source-change";
import { messageOf, UserError } from "../errors";

/** Sources of the hub's streams as the last update left them, by name of the stream. */
export type Recorded = Readonly<Record<string, Sources>>;

/** What an update would do to streams that run. */
export interface RecordedFinding {
	readonly stream: string;
	readonly severity: "mandatory" | "advisory";
	readonly message: string;
	readonly remedy: string;
}

const STREAM = "pulumi-nodejs:dynamic/leafline:Stream";
const LOCAL_STATE = ".leafline/state/.pulumi/stacks/leafline";

/** The state that a stack on this machine has, if it has one. */
export function localState(root: string, stack: string): string | undefined {
	const file = join(root, LOCAL_STATE, `${stack}.json`);
	return existsSync(file) ? file : undefined;
}

/**
 * Reads what `pulumi stack export` writes, or the file of a local backend. Everything but the sources of streams, and
 * whether they may be lost, is left where it is.
 * @throws UserError
 */
export function readRecorded(file: string): Recorded {
	let state: unknown;
	try {
		state = JSON.parse(readFileSync(file, "utf8"));
	} catch (error) {
		throw new UserError(`${file} is no state that \`pulumi stack export\` writes: ${reasonOf(error)}`);
	}
	const { deployment, checkpoint } = (state ?? {}) as State;
	const whole = deployment ?? checkpoint?.latest;
	if (typeof whole !== "object" || whole === null) {
		throw new UserError(`${file} is no state that \`pulumi stack export\` writes: it has no deployment`);
	}
	const streams = (whole.resources ?? []).filter(({ type }) => type === STREAM);
	return Object.fromEntries(
		streams.map(({ id = "", outputs }) => [outputs?.config?.name ?? id, outputs?.sources ?? {}]),
	);
}

interface State {
	readonly deployment?: Deployment;
	readonly checkpoint?: { readonly latest?: Deployment };
}

interface Deployment {
	readonly resources?: readonly {
		readonly type?: string;
		readonly id?: string;
		readonly outputs?: { readonly config?: { readonly name?: string }; readonly sources?: Sources };
	}[];
}

/** The same that a preview says, of the same two things. */
export function compareRecorded(recorded: Recorded, { hubStreams, settings }: Topology): RecordedFinding[] {
	return Object.entries(hubStreams).flatMap(([stream, { config }]): RecordedFinding[] => {
		const old = recorded[stream] ?? {};
		const next = Object.fromEntries((config.sources ?? []).map((source) => [source.name, source]));
		const refused = settings.allowDataLoss ? undefined : refusedSources(stream, old, next);
		if (refused) return [{ stream, severity: "mandatory", message: refused, remedy: REFUSED_REMEDY }];
		const moved = movedSources(stream, old, next);
		const remedy = "nothing to do, or take the change back if it was not meant";
		return moved ? [{ stream, severity: "advisory", message: moved, remedy }] : [];
	});
}

/** Without the text that could not be read: a state holds secrets. */
function reasonOf(error: unknown): string {
	return error instanceof SyntaxError ? "it is no JSON" : messageOf(error);
}
