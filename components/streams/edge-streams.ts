import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import type { EdgeGroup } from "../../topology/model";
import { DynamicResource } from "./dynamic";
import { owner } from "./stream";

export interface EdgeStreamsArgs {
	/** How to reach the hub, and the devices through it. Kept secret. */
	connection: pulumi.Input<Connection>;
	/** Key of the group in `topology.edgeGroups`; it becomes the resource's id. */
	key: string;
	/** Classes and devices, unexpanded: the provider makes each device's streams of them with `expandEdge()`. */
	edgeGroup: EdgeGroup;
	/** Names of streams that exist on devices already and are taken over. @default none */
	adopt?: readonly string[];
	/** Let a change delete messages on devices. @default false */
	allowDataLoss?: boolean;
	/** Devices that could not be reached are no change, for drift checks. @default false */
	ignorePending?: boolean;
}

/**
 * The streams on the devices of one group, and the durable consumers that the hub sources them through.
 *
 * A device that is offline does not fail the update: it is named in `pending` and in a warning, and the next update
 * tries again. One that refuses, or answers what no server answers, is named in `failed` as well (see `Devices`). Streams stay on a device that leaves the group, and on all of them when the resource is removed.
 */
export class EdgeStreams extends DynamicResource {
	/** Devices that are not yet as asked, and why. */
	declare readonly pending: pulumi.Output<Record<string, string>>;
	/** Of these, the ones for which somebody must do something; undefined for none. */
	declare readonly failed: pulumi.Output<Record<string, string> | undefined>;

	constructor(name: string, args: EdgeStreamsArgs, opts: pulumi.CustomResourceOptions = {}) {
		const inputs = {
			connection: pulumi.secret(args.connection),
			owner: owner(),
			key: args.key,
			adopt: args.adopt ?? [],
			allowDataLoss: args.allowDataLoss ?? false,
			ignorePending: args.ignorePending ?? false,
			...args.edgeGroup,
			pending: undefined,
			failed: undefined,
		};
		const secret = { additionalSecretOutputs: ["connection"] };
		super("edgeStreams", "EdgeStreams", name, inputs, pulumi.mergeOptions(opts, secret));
	}
}
