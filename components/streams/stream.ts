import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import type { ConsumerConfig, StreamConfig, StreamSource } from "../../topology/jetstream";
import { DynamicResource } from "./dynamic";

export interface StreamArgs {
	/** How to reach the hub. Kept secret. */
	connection: pulumi.Input<Connection>;
	/**
	 * The stream as `STREAM.CREATE` takes it, its sources included.
	 * @example { name: "hub_can", retention: "limits", storage: "file", discard: "old", num_replicas: 1,
	 *   max_msgs: -1, max_bytes: -1, max_age: 604_800_000_000_000, sources: [ … ] }
	 */
	config: StreamConfig;
	/** Durable consumers on it, by name. Others that exist are left alone. @default none */
	consumers?: Readonly<Record<string, ConsumerConfig>>;
	/** Take over a stream of that name that exists already. @default false */
	adopt?: boolean;
	/** Let a change or a removal delete messages. @default false */
	allowDataLoss?: boolean;
	/** Sources that could not be moved yet are no change, for drift checks. @default false */
	ignorePending?: boolean;
	/** Devices whose sources may go though nobody knows what they still hold: those that are `retired: lost`. @default none */
	lost?: readonly string[];
}

/**
 * One stream of the hub, with all its sources and consumers.
 *
 * A change that the server would reject, or that would delete messages, is refused in preview. A source that changes
 * what the server knows it by goes on where the hub is; that of a device that is offline stays as it is, is named in
 * `pending` and in a warning, and the next update tries again. So does that of a device which is to go while the hub does
 * not have all that it holds, and it is named in `failed` (see `Devices`). Removing the resource
 * is refused while the stream holds messages, unless `allowDataLoss` says otherwise.
 */
export class Stream extends DynamicResource {
	/** Name of the stream. */
	declare readonly id: pulumi.Output<string>;
	/** Devices that are not yet sourced as asked, and why. */
	declare readonly pending: pulumi.Output<Record<string, string>>;
	/** Devices that were refused what was asked, or were not let go for what they hold; undefined for none. */
	declare readonly failed: pulumi.Output<Record<string, string> | undefined>;

	constructor(name: string, args: StreamArgs, opts: pulumi.CustomResourceOptions = {}) {
		const { sources, ...config } = args.config;
		const inputs = {
			connection: pulumi.secret(args.connection),
			owner: owner(),
			adopt: args.adopt ?? false,
			allowDataLoss: args.allowDataLoss ?? false,
			config,
			sources: byName(sources ?? []),
			consumers: args.consumers ?? {},
			...(args.ignorePending && { ignorePending: true }),
			...(args.lost?.length && { lost: args.lost }),
			pending: undefined,
			failed: undefined,
		};
		super("stream", "Stream", name, inputs, pulumi.mergeOptions(opts, { additionalSecretOutputs: ["connection"] }));
	}
}

/** Whose streams these are: `<project>/<stack>`. */
export function owner(): string {
	return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

function byName(sources: readonly StreamSource[]): Record<string, StreamSource> {
	const sorted = [...sources].sort((a, b) => (a.name < b.name ? -1 : 1));
	return Object.fromEntries(sorted.map((source) => [source.name, source]));
}
