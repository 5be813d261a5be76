import { type Architecture, architectureOf } from "../config/aws";
import type { AwsSettings } from "../config/aws-model";
import { formatBytes, formatRate } from "./format";
import { FILL, fileForIops, GP3, mostIops, tooLarge, volumeFor } from "./gp3";
import { longerInterval } from "./hub-load";
import { formatSync, LESS } from "./hub-machine";
import { LOCAL_MACHINE, statedMachine } from "./machines";
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

const GIB = 1024 ** 3;

/** Part of a machine's memory that JetStream may use for messages. */
const MEMORY = 0.5;

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
	const instanceType = budgets.hub.machine;
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
	const { hub } = topology.settings;
	const { aws, sync, fileBytes, nodes } = hub;
	const { load, traffic, messagesPerSecond, machine } = topology.budgets.hub;
	const problem = (field: string, message: string, remedy: string): Problem[] => [
		{ document: "settings", path: ["hub", field], message, remedy },
	];
	if (aws === undefined) return [];
	const { diskBytes, memoryBytes } = statedMachine(aws) ?? LOCAL_MACHINE;
	if (hub.memoryBytes > memoryBytes * MEMORY) {
		const message = `${machine} has ${formatBytes(memoryBytes)}, half of which the server needs for itself`;
		return problem("memory", message, `write at most ${formatBytes(memoryBytes * MEMORY)}, or choose a larger type`);
	}
	if (aws.storage !== "ebs") {
		if (fileBytes <= diskBytes * FILL) return [];
		const message = `${machine} has ${formatBytes(diskBytes)} of disks, a tenth of which the file system gets`;
		return problem(
			"file",
			message,
			`write at most ${Math.floor((diskBytes * FILL) / GIB)}GiB, or choose a larger type`,
		);
	}
	const size = tooLarge(fileBytes);
	if (size !== undefined) return problem("file", size.message, size.remedy);
	const iops = Math.ceil(load.volumeOperationsPerSecond / 100) * 100;
	const most = mostIops(fileBytes);
	if (iops <= most) return [];
	const needs = `needs ${iops} writes a second on each node's volume for ${formatRate(messagesPerSecond)}; gp3 takes`;
	if (iops > GP3.iops.most) {
		const enough = longerInterval(traffic, nodes, sync, most);
		const remedy = enough === undefined ? LESS : `write a longer interval, for example ${enough}ms`;
		return problem("sync", `${formatSync(sync)} ${needs} ${most}`, remedy);
	}
	const remedy = `write at least ${fileForIops(iops)}GiB`;
	return problem("file", `sync ${formatSync(sync)} ${needs} ${GP3.iopsAGib} a GiB`, remedy);
}

function planVolume(topology: Topology): AwsVolumePlan {
	const { allowDataLoss, hub } = topology.settings;
	const { load } = topology.budgets.hub;
	const need = {
		fileBytes: hub.fileBytes,
		bytesPerSecond: load.volumeBytesPerSecond,
		operationsPerSecond: load.volumeOperationsPerSecond,
	};
	return { ...volumeFor(need), encrypted: true, keep: !allowDataLoss };
}
