import { RunCommandError } from "./failure";

/** What one run is to do. */
export interface Job {
	/** `i-…` */
	readonly instanceId: string;
	/** Name of the SSM document of the type Command. */
	readonly document: string;
	/** Of the document, by name. */
	readonly parameters: Readonly<Record<string, string>>;
	/** For example `eu-central-1`. */
	readonly region: string;
	/** For the texts that name a command line; the SDK finds it by itself. @default the environment's credentials */
	readonly profile?: string;
	/** How long the node may take to appear in Systems Manager. */
	readonly onlineWithinMs: number;
	/** How long the node may take to do it, once it has been told. */
	readonly doneWithinMs: number;
	/** Between two questions. */
	readonly pollMs: number;
}

/**
 * A new instance is there after one to three minutes. Where its agent looked for credentials before IAM had spread a role
 * that has just been made, it looks again only after up to half an hour.
 */
const ONLINE_WITHIN_SECONDS = 2_400;

/** The document itself is stopped after an hour, and the node then says why; this is for the case that it is not. */
const DONE_WITHIN_SECONDS = 3_900;

const POLL_MS = 2_000;

/**
 * Reads INSTANCE_ID, DOCUMENT and AWS_REGION; GENERATION (the parameters that the node must take), LEAFLINE_FORCE (1:
 * restarts a node though others are down), AWS_PROFILE, ONLINE_WITHIN_SECONDS, DONE_WITHIN_SECONDS and POLL_MS may be
 * absent. @throws RunCommandError for what is missing or has another form
 */
export function readJob(env: NodeJS.ProcessEnv): Job {
	const job = {
		instanceId: required(env, "INSTANCE_ID", /^m?i-[0-9a-f]{8,17}$/),
		document: required(env, "DOCUMENT", /^[\w.:/-]{3,}$/),
		region: required(env, "AWS_REGION", /^[a-z]{2}(-[a-z]+)+-\d+$/),
		parameters: {
			...(env.GENERATION && { Generation: required(env, "GENERATION", /^[0-9a-f]{64}$/) }),
			...(env.LEAFLINE_FORCE && { Force: required(env, "LEAFLINE_FORCE", /^[01]$/) }),
		},
		onlineWithinMs: 1_000 * positive(env, "ONLINE_WITHIN_SECONDS", ONLINE_WITHIN_SECONDS),
		doneWithinMs: 1_000 * positive(env, "DONE_WITHIN_SECONDS", DONE_WITHIN_SECONDS),
		pollMs: positive(env, "POLL_MS", POLL_MS),
	};
	return env.AWS_PROFILE ? { ...job, profile: env.AWS_PROFILE } : job;
}

function required(env: NodeJS.ProcessEnv, name: string, form: RegExp): string {
	const value = env[name] ?? "";
	if (form.test(value)) return value;
	throw new RunCommandError(`${name} is ${value === "" ? "missing" : JSON.stringify(value)} in the environment`);
}

function positive(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
	const text = env[name];
	if (text === undefined) return otherwise;
	const value = Number(text);
	if (value > 0) return value;
	throw new RunCommandError(`${name} is ${JSON.stringify(text)} in the environment, not a number above 0`);
}
