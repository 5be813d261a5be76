import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { createDaemon } from "./resource";

export interface Reloading {
	/** From the folder of the components. */
	readonly script: string;
	readonly args?: readonly string[];
	/** As a daemon's (`DaemonDocument`). @default none */
	readonly env?: Readonly<Record<string, string>>;
	/** What it is told: it takes another one over without a restart. */
	readonly spec: object;
	readonly ports: readonly number[];
	/** Where it finds its spec, in its folder. */
	readonly file: string;
	/** Unix socket on which it tells which spec is in force. */
	readonly socket: string;
}

/** A process of leafline's own that takes a new spec over without a restart, and says when it has. */
export function createReloading(
	name: string,
	dir: string,
	{ script, args = [], env, spec, ports, file, socket }: Reloading,
	opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
	const text = JSON.stringify(spec);
	const hash = createHash("sha256").update(text).digest("hex");
	const ready = { socket, path: `/ready?spec=${hash}` };
	const files = { [file]: text };
	return createDaemon(
		name,
		{ dir, name, script, args, ...(env && { env }), ports, ready, reload: [file], files, removeOnDelete: true },
		opts,
	);
}
