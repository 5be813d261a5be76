import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { DaemonDocument } from "./document";
import { generation } from "./record";

export interface DaemonArgs extends Omit<DaemonDocument, "files"> {
	/** Text by path within the folder of the daemon; may be secret. All are readable by the owner alone. */
	readonly files: Readonly<Record<string, pulumi.Input<string>>>;
	/** Take the folder and the data in it away when the resource is deleted. */
	readonly removeOnDelete: boolean;
	/** @default generation(dir), asked now */
	readonly generation?: number;
}

/**
 * A process on this machine that outlives `pulumi up`. Preview shows a change of `environment` when it died, and the
 * next `up` starts it again; deleting the resource stops it. The stack's secrets reach it through stdin only.
 */
export function createDaemon(name: string, args: DaemonArgs, opts: pulumi.CustomResourceOptions): local.Command {
	const { files, removeOnDelete, generation: current = generation(args.dir), ...fixed } = args;
	const contents = pulumi.output(files) as pulumi.Output<Record<string, string>>;
	const document = contents.apply((texts) => {
		const entries = Object.entries(texts).map(([file, content]) => [file, { content }]);
		return JSON.stringify({ ...fixed, files: Object.fromEntries(entries) } satisfies DaemonDocument);
	});
	const start = daemonCommand("start");
	return new local.Command(
		name,
		{
			create: start,
			update: start,
			delete: daemonCommand("stop", args.dir, ...(removeOnDelete ? ["--remove"] : [])),
			environment: { GENERATION: String(current) },
			stdin: pulumi.secret(document),
			addPreviousOutputInEnv: false,
			// What a failed start has to say stands in the error anyway.
			logging: "none",
		},
		{ ...opts, additionalSecretOutputs: ["stdin"] },
	);
}

/** Command line of `daemon`, relative to the folder of the program: a checkout that moves changes no resource. */
export function daemonCommand(...args: readonly string[]): string {
	const script = path.relative(process.cwd(), path.join(__dirname, "daemon.js"));
	return ["node", script, ...args].map(quote).join(" ");
}

function quote(word: string): string {
	return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
