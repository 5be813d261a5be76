import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import { journalStream } from "../../topology/journal";
import type { Topology } from "../../topology/model";
import { rolloutStreams } from "../../topology/rollout/streams";
import { Devices } from "./devices";
import { EdgeStreams } from "./edge-streams";
import { Leaders } from "./leaders";
import { Stream } from "./stream";

export interface StreamsArgs {
	topology: Topology;
	/** How to reach the hub, and the devices through it. */
	connection: pulumi.Input<Connection>;
	/** The hub: streams on devices, and where messages may be lost those of the hub as well, end with it. @default none */
	hub?: pulumi.Resource;
	/** Devices that this stack starts itself; their streams wait for them. @default none */
	leaves?: pulumi.Input<pulumi.Resource>[];
	/** Another value when servers of the hub were restarted: leaders of streams are spread again. @default never */
	restarts?: pulumi.Input<string> | undefined;
}

/**
 * All streams of a topology. First the journal, which hears of all others; then what feeds the devices, then the
 * devices' streams, then the hub's streams that source them: a hub that looks for a device's consumer before it exists
 * tries again only after 10 s and more. A device that failed fails the update at its end (`judge()`).
 */
export class Streams extends pulumi.ComponentResource {
	/** Devices that are not yet as asked, and why. */
	readonly pending: pulumi.Output<Record<string, string>>;
	/** Devices that refused, or must not be let go yet, and why; see `judge()`. */
	readonly failed: pulumi.Output<Record<string, string>>;
	/** All streams of hub and devices, to be waited for. */
	readonly all: readonly pulumi.Resource[];
	/** What keeps what was done to the hub. */
	readonly journal: Stream;
	/** Streams of the hub that devices feed or are fed by, by name. */
	readonly hubStreams: Readonly<Record<string, Stream>>;
	/** Streams of devices, by key of their group. */
	readonly edgeStreams: Readonly<Record<string, EdgeStreams>>;

	constructor(name: string, args: StreamsArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:streams:Streams", name, {}, opts);
		this.journal = createJournal(args, { parent: this });
		createRolloutStreams(args, { parent: this, dependsOn: this.journal });
		const down = createHubStreams(args, "downlink", { parent: this, dependsOn: this.journal });
		this.edgeStreams = createEdgeStreams(args, {
			parent: this,
			dependsOn: [this.journal, ...Object.values(down), ...(args.leaves ?? [])],
		});
		const up = createHubStreams(args, "uplink", { parent: this, dependsOn: Object.values(this.edgeStreams) });
		this.hubStreams = { ...down, ...up };
		spreadLeaders(args, { parent: this, dependsOn: Object.values(this.hubStreams) });
		const all = [...Object.values(this.hubStreams), ...Object.values(this.edgeStreams)];
		this.pending = merged(all.map(({ pending }) => pending));
		this.failed = merged(all.map(({ failed }) => failed));
		this.all = all;
		this.registerOutputs({ pending: this.pending });
	}

	/**
	 * Fails the update where a device did: to be called last, for what is registered later is then not done.
	 * @param after what is done in any case
	 */
	judge(after: readonly pulumi.Resource[] = []): Devices {
		return new Devices("devices", { failed: this.failed }, { parent: this, dependsOn: [...this.all, ...after] });
	}
}

function createJournal({ topology, connection, hub }: StreamsArgs, opts: pulumi.CustomResourceOptions): Stream {
	const { environment, allowDataLoss, adopt } = topology.settings;
	const config = journalStream(topology.settings);
	const args = { connection, config, allowDataLoss, adopt: adopt.includes(config.name) };
	return new Stream(config.name, args, { ...opts, ...keeping(environment, allowDataLoss, hub) });
}

/** Nothing in them is lost for good: whoever made a release can make it again. */
function createRolloutStreams({ topology, connection, hub }: StreamsArgs, opts: pulumi.CustomResourceOptions): void {
	const { adopt } = topology.settings;
	for (const config of rolloutStreams(topology.settings)) {
		const args = { connection, config, allowDataLoss: true, adopt: adopt.includes(config.name) };
		new Stream(config.name, args, { ...opts, ...(hub ? { deletedWith: hub } : {}) });
	}
}

function createHubStreams(
	{ topology, connection, hub }: StreamsArgs,
	direction: "uplink" | "downlink",
	opts: pulumi.CustomResourceOptions,
): Record<string, Stream> {
	const { settings, hubStreams, retired } = topology;
	const { allowDataLoss, ignorePending, adopt } = settings;
	const keep = keeping(settings.environment, allowDataLoss, hub);
	const streams = Object.entries(hubStreams).filter(([, stream]) => stream.direction === direction);
	const lost = Object.keys(retired).filter((device) => retired[device]?.retired === "lost");
	return Object.fromEntries(
		streams.map(([name, { config, consumers }]) => {
			const common = { connection, allowDataLoss, ignorePending, lost };
			const args = { ...common, config, consumers, adopt: adopt.includes(name) };
			return [name, new Stream(name, args, { ...opts, ...keep })];
		}),
	);
}

/** How the hub's streams are kept from being removed: in preview, by the engine, and not only in the provider. */
function keeping(
	environment: string,
	allowDataLoss: boolean,
	hub: pulumi.Resource | undefined,
): pulumi.CustomResourceOptions {
	if (allowDataLoss) return hub ? { deletedWith: hub } : {};
	return { protect: true, retainOnDelete: environment === "staging" || environment === "prod" };
}

function createEdgeStreams(
	{ topology, connection, hub }: StreamsArgs,
	opts: pulumi.CustomResourceOptions,
): Record<string, EdgeStreams> {
	const { allowDataLoss, ignorePending, adopt } = topology.settings;
	return Object.fromEntries(
		Object.entries(topology.edgeGroups).map(([key, edgeGroup]) => {
			const args = { connection, key, edgeGroup, adopt, allowDataLoss, ignorePending };
			return [key, new EdgeStreams(key, args, { ...opts, ...(hub ? { deletedWith: hub } : {}) })];
		}),
	);
}

function spreadLeaders({ topology, connection, restarts }: StreamsArgs, opts: pulumi.CustomResourceOptions): void {
	const streams = Object.values(topology.hubStreams).filter(({ config }) => config.num_replicas > 1);
	if (streams.length === 0 || restarts === undefined) return;
	new Leaders("leaders", { connection, restarts, streams: streams.map(({ config }) => config.name).sort() }, opts);
}

/** Reasons by device; what an older state has not got is none. */
function merged(parts: pulumi.Output<Record<string, string> | undefined>[]): pulumi.Output<Record<string, string>> {
	return pulumi.all(parts).apply((all) => Object.assign({}, ...all) as Record<string, string>);
}
