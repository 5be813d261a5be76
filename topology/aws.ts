import { type Architecture, architectureOf } from "../config/aws";
import type { AwsSettings } from "../config/aws-model";
import { formatRate } from "./format";
import { fileForIops, GP3, mostIops, tooLarge, volumeFor } from "./gp3";
import type { Problem, Topology } from "./model";

/** What a hub on AWS is made of, derived from the hub's budget: pure, so that previews, policies and costs agree. */
export interface AwsHubPlan {
	readonly architecture: Architecture;
	readonly instanceType: string;
	/** AMI id, or the exact name of one of Amazon's. */
	readonly image: string;
	/** Who asks for the metadata of a node, and for its role's credentials, needs a token (version 2). */
	readonly httpTokens: "required";
	/** Of the disk that a node boots from. */
	readonly rootEncrypted: true;
	readonly nodes: readonly AwsNodePlan[];
	/** Each node's; absent with instance store. */
	readonly volume?: AwsVolumePlan;
}

export interface AwsNodePlan {
	/** From 0, as the servers count. */
	readonly index: number;
	/** `1`, `2`, `3`: in names of resources and hosts. */
	readonly key: string;
}

/** A gp3 volume. */
export interface AwsVolumePlan {
	readonly sizeGiB: number;
	readonly iops: number;
	/** MiB a second. */
	readonly throughput: number;
	readonly encrypted: true;
	/** Kept from being deleted, and left in the account when the stack is destroyed. */
	readonly keep: boolean;
}

/** Messages and their index are two files of a stream, and each is synced on its own. */
const SYNCED_FILES = 2;

/** After an outage a hub takes what comes in and what was held back, and its readers read both. */
const CATCH_UP = 3;

/** EBS counts writes of up to this as one operation; JetStream's blocks are written in smaller ones. */
const BYTES_AN_OPERATION = 64 * 1024;

/**
 * Least instance type for a rate of messages over the whole hub. Three replicas took 154,000 messages a second on 2
 * cores with loopback between them; on a real network, with TLS, a fifth of it is counted on. Not tried on EC2.
 */
const INSTANCE_TYPES = [
	{ messagesPerSecond: 15_000, instanceType: "m7g.large" },
	{ messagesPerSecond: 40_000, instanceType: "m7g.xlarge" },
	{ messagesPerSecond: Number.POSITIVE_INFINITY, instanceType: "m7g.2xlarge" },
] as const;

/** @throws RangeError for a hub that is not on AWS */
export function awsSettings({ settings: { hub } }: Topology): AwsSettings {
	if (hub.aws === undefined) throw new RangeError(`a hub of kind ${hub.kind} is not on AWS`);
	return hub.aws;
}

/** @throws RangeError for a hub that is not on AWS */
export function planAwsHub(topology: Topology): AwsHubPlan {
	const { settings, budgets } = topology;
	const { nodes } = settings.hub;
	const aws = awsSettings(topology);
	const instanceType = aws.instanceType ?? instanceTypeFor(budgets.hub.messagesPerSecond);
	return {
		architecture: architectureOf(instanceType),
		instanceType,
		image: aws.image,
		httpTokens: "required",
		rootEncrypted: true,
		nodes: Array.from({ length: nodes }, (_, index) => ({ index, key: String(index + 1) })),
		...(aws.storage === "ebs" && { volume: planVolume(topology) }),
	};
}

/** What AWS does not sell. */
export function awsProblems(topology: Topology): Problem[] {
	const { aws, sync, fileBytes } = topology.settings.hub;
	if (aws?.storage !== "ebs") return [];
	const problem = (field: string, message: string, remedy: string): Problem[] => [
		{ document: "settings", path: ["hub", field], message, remedy },
	];
	const size = tooLarge(fileBytes);
	if (size !== undefined) return problem("file", size.message, size.remedy);
	const iops = neededIops(topology, sync);
	const most = mostIops(fileBytes);
	if (iops <= most) return [];
	const interval = sync === "always" ? sync : `${sync}ms`;
	const needs =
		`needs ${iops} writes a second on each node's volume for ${formatRate(topology.budgets.hub.messagesPerSecond)}; gp3 ` +
		"takes";
	if (iops > GP3.iops.most) {
		const remedy = longerInterval(topology, most) ?? FEWER_BYTES;
		return problem("sync", `${interval} ${needs} ${most}`, remedy);
	}
	const remedy = `write at least ${fileForIops(iops)}GiB`;
	return problem("file", `sync ${interval} ${needs} ${GP3.iopsAGib} a GiB`, remedy);
}

const FEWER_BYTES =
	"put several readings into one message, lower rate or size, or spread the fleet over several stacks";

/** Milliseconds, of which the first is what is written where nothing else is said. */
const INTERVALS = [250, 10, 20, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

/** An interval that is longer than the one that is set and does help, if there is one. */
function longerInterval(topology: Topology, most: number): string | undefined {
	const { sync } = topology.settings.hub;
	const longer = INTERVALS.filter((interval) => sync === "always" || interval > sync);
	const enough = longer.find((interval) => neededIops(topology, interval) <= most);
	return enough === undefined ? undefined : `write a longer interval, for example ${enough}ms`;
}

function instanceTypeFor(rate: number): string {
	return INSTANCE_TYPES.find(({ messagesPerSecond }) => rate <= messagesPerSecond)?.instanceType ?? "m7g.2xlarge";
}

function planVolume(topology: Topology): AwsVolumePlan {
	const { allowDataLoss, hub } = topology.settings;
	const need = {
		fileBytes: hub.fileBytes,
		bytesPerSecond: bytesPerSecond(topology) * CATCH_UP,
		operationsPerSecond: neededIops(topology, hub.sync),
	};
	return { ...volumeFor(need), encrypted: true, keep: !allowDataLoss };
}

/** One node's share of what the hub writes. A cluster writes everything twice: to its log, and to the stream. */
function bytesPerSecond({ settings, budgets }: Pick<Topology, "settings" | "budgets">): number {
	const { nodes } = settings.hub;
	return (budgets.hub.bytesPerSecond / nodes) * (nodes > 1 ? 2 : 1);
}

function neededIops({ settings, hubStreams, budgets }: Topology, sync: number | "always"): number {
	const { nodes } = settings.hub;
	const replicas = Object.values(hubStreams).reduce((sum, { config }) => sum + config.num_replicas, 0);
	const files = Math.ceil(replicas / nodes) * SYNCED_FILES;
	const writes = (bytesPerSecond({ settings, budgets }) * CATCH_UP) / BYTES_AN_OPERATION;
	// No stream is synced more often than it is written to.
	const syncs =
		sync === "always"
			? budgets.hub.messagesPerSecond
			: Math.min(files * (1000 / sync), budgets.hub.messagesPerSecond * SYNCED_FILES);
	return Math.ceil((syncs + writes) / 100) * 100;
}
