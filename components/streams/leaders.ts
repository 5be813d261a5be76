import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import { DynamicResource } from "./dynamic";

export interface LeadersArgs {
	/** How to reach the hub. Kept secret. */
	readonly connection: pulumi.Input<Connection>;
	/** Names of replicated streams. */
	readonly streams: readonly string[];
	/** Another value spreads them again: servers were restarted, which gave their leaders to others. */
	readonly restarts: pulumi.Input<string>;
}

/**
 * Where the leaders of the hub's streams are: spread over the nodes. A server gives the streams that it leads to others
 * when it ends and gets none back when it returns, so that after a rolling restart one node leads most of them.
 */
export class Leaders extends DynamicResource {
	/** Number of streams that each node led in the end, by its name. */
	declare readonly spread: pulumi.Output<Record<string, number>>;

	constructor(name: string, args: LeadersArgs, opts: pulumi.CustomResourceOptions) {
		const inputs = { ...args, connection: pulumi.secret(args.connection), spread: undefined };
		super("leaders", "Leaders", name, inputs, { ...opts, additionalSecretOutputs: ["connection"] });
	}
}
