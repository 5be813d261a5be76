import { Netmask } from "netmask";
import type { AwsBaseline, AwsSettings, GivenNetwork, OwnNetwork } from "./aws-model";
import type { AwsInput } from "./aws-schema";
import type { Problem } from "./errors";
import type { HubSettings } from "./model";
import { show } from "./words";

/**
 * What the nodes boot from unless the settings say otherwise. It has the AWS command line and the agent of Systems
 * Manager; a newer one is taken by a release of leafline, or by the settings, and then replaces one node after another.
 */
const AMAZON_LINUX = "al2023-ami-2023.12.20260918.0-kernel-6.12";

/** Where the data volume is mounted. */
export const MOUNT_POINT = "/data/nats";

/** Where a node's JetStream stores: the one folder that its server may write to. */
export const NODE_STORE = `${MOUNT_POINT}/hub`;

export type Architecture = "arm64" | "x86_64";

/**
 * Graviton types have a `g` behind the number of their generation: `m7g`, `c7gn`, `im4gn`, and not `g4dn`.
 * @param instanceType absent: one that leafline chooses, which are all of that kind
 */
export function architectureOf(instanceType = "m7g.large"): Architecture {
	return /^(a1|[a-z-]+\d+g)/.test(instanceType) ? "arm64" : "x86_64";
}

/** Types with disks of their own: a `d` behind the generation (`m7gd`, `c6id`), and the families that are made of disks. */
export function hasInstanceStore(instanceType: string): boolean {
	return /^((i|d|h|im|is)\d|[a-z-]+\d+[a-z]*d)/.test(instanceType);
}

/** Types of before 2017 have no NVMe disks, so a volume shows no serial number and the node could not tell which it is. */
function isXen(instanceType: string): boolean {
	return /^(t[12]|m[1-4]|c[1-4]|cc2|cr1|r[34]|i[23]|d2|h1|x1e?|p[23]|g[23]s?|f1)\./.test(instanceType);
}

/** Fills in what the section leaves out. */
export function awsWithDefaults(given: AwsInput = {}): AwsSettings {
	const { network, snapshots, alarms, baseline, ...rest } = given;
	const architecture = architectureOf(given.instanceType);
	return {
		...rest,
		image: given.image ?? `${AMAZON_LINUX}-${architecture}`,
		...(baseline !== undefined && { baseline: baselineOf(baseline) }),
		storage: given.storage ?? "ebs",
		network: networkOf(network),
		readers: given.readers ?? [],
		...(alarms?.email !== undefined && { alarms: { email: alarms.email } }),
		...(alarms?.topicArn !== undefined && { alarms: { topicArn: alarms.topicArn } }),
		snapshots: { everyHours: (snapshots?.every ?? 86_400_000) / 3_600_000, keep: snapshots?.keep ?? 7 },
		tags: given.tags ?? {},
	};
}

function baselineOf({ processors, ebs, iops, network }: NonNullable<AwsInput["baseline"]>): AwsBaseline {
	return { processors, ebsBitsPerSecond: ebs, iops, networkBitsPerSecond: network };
}

function networkOf(given: AwsInput["network"]): OwnNetwork | GivenNetwork {
	if (given?.vpcId !== undefined) return { vpcId: given.vpcId, subnetIds: given.subnetIds ?? [] };
	return { cidr: given?.cidr ?? "10.74.0.0/16", ...(given?.zones !== undefined && { zones: given.zones }) };
}

/** Whether the network is one that exists already. */
export function isGiven(network: OwnNetwork | GivenNetwork): network is GivenNetwork {
	return "vpcId" in network;
}

/**
 * What hangs together and does not fit.
 * @param given the section as it was written
 * @param region of the stack, where it is known
 */
export function checkAws(hub: HubSettings, given: AwsInput = {}, region?: string): Problem[] {
	const { aws } = hub;
	if (aws === undefined) return [];
	const problem: Say = (path, message, remedy) => {
		return { document: "settings", path: ["hub", ...path], message, remedy };
	};
	const problems: Problem[] = [];
	if (hub.storeDir !== NODE_STORE) {
		const message = `${show(hub.storeDir)} is not where the server of a node on AWS may write`;
		problems.push(problem(["storeDir"], message, `leave it out, for it stores at ${NODE_STORE}`));
	}
	if (hub.addresses.length > 0 && hub.addresses.length !== hub.nodes) {
		const message = `${count(hub.addresses.length, "address", "es")} for ${count(hub.nodes, "node")}`;
		problems.push(problem(["addresses"], message, "name one a node, or leave them out"));
	}
	for (const tag of Object.keys(aws.tags).filter((key) => /^(aws|leafline):/i.test(key))) {
		problems.push(problem(["aws", "tags", tag], "is not yours to set", "choose a name without this prefix"));
	}
	return [
		...problems,
		...storageProblems(hub, aws, problem),
		...networkProblems(hub, given, problem),
		...(region === undefined ? [] : regionProblems(given, region, problem)),
	];
}

/** What belongs to another region than the stack. */
function regionProblems({ network, kmsKeyId, alarms }: AwsInput, region: string, problem: Say): Problem[] {
	const zones = (network?.zones ?? []).flatMap((zone, index) => {
		// `eu-central-1a`; a local zone has a name of its own after the region's: `us-west-2-lax-1a`.
		if (zone.startsWith(region) && /^([a-z]|-[a-z]+-\d[a-z])$/.test(zone.slice(region.length))) return [];
		const remedy = `write for example ${region}a, or change aws:region`;
		return [problem(["aws", "network", "zones", index], `${show(zone)} is no zone of ${region}`, remedy)];
	});
	const named = { kmsKeyId, topicArn: alarms?.topicArn };
	const arns = Object.entries(named).flatMap(([field, arn]) => {
		const other = arn?.split(":")[3];
		if (other === undefined || other === region) return [];
		const path = field === "topicArn" ? ["aws", "alarms", field] : ["aws", field];
		return [problem(path, `${show(arn)} is in ${other}, and the stack in ${region}`, `name one in ${region}`)];
	});
	return [...zones, ...arns];
}

type Say = (path: readonly (string | number)[], message: string, remedy: string) => Problem;

function storageProblems({ nodes }: HubSettings, aws: AwsSettings, problem: Say): Problem[] {
	const { storage, instanceType, image } = aws;
	const problems: Problem[] = [];
	if (storage === "instance-store" && nodes < 3) {
		const message = `instance-store is gone when its instance stops, and the hub has ${count(nodes, "node")}`;
		problems.push(problem(["aws", "storage"], message, "set hub.nodes to 3, or use ebs"));
	}
	if (storage === "instance-store" && !(instanceType !== undefined && hasInstanceStore(instanceType))) {
		const message = `${instanceType ?? "the default type"} has no instance store`;
		problems.push(problem(["aws", "instanceType"], message, "choose a type with disks, for example m7gd.large"));
	}
	if (instanceType === undefined && aws.baseline !== undefined) {
		const message = "belongs to an instance type, and none is named";
		problems.push(problem(["aws", "baseline"], message, "name hub.aws.instanceType, or leave it out"));
	}
	if (instanceType !== undefined && isXen(instanceType)) {
		const message = `${instanceType} shows its volumes without serial numbers, by which nodes find them`;
		problems.push(problem(["aws", "instanceType"], message, "choose a newer type, for example m7g.large"));
	}
	const wanted = architectureOf(instanceType);
	if (!image.startsWith("ami-") && !image.endsWith(`-${wanted}`)) {
		const message = `${image} does not run on ${instanceType ?? "the default type"}, which is ${wanted}`;
		problems.push(problem(["aws", "image"], message, `choose an image that ends in -${wanted}`));
	}
	return problems;
}

function networkProblems({ nodes }: HubSettings, { network, alarms }: AwsInput, problem: Say): Problem[] {
	const problems: Problem[] = [];
	const at = (field: string, message: string, remedy: string) =>
		problems.push(problem(["aws", "network", field], message, remedy));
	const { cidr, zones, vpcId, subnetIds } = network ?? {};
	if (vpcId === undefined && subnetIds !== undefined) at("vpcId", "is missing", "name the VPC of the subnets");
	if (vpcId !== undefined && (cidr !== undefined || zones !== undefined)) {
		at(cidr === undefined ? "zones" : "cidr", "belongs to a network that leafline makes", "leave it out beside vpcId");
	}
	if (vpcId !== undefined && (subnetIds ?? []).length !== nodes) {
		const message = `${count((subnetIds ?? []).length, "subnet")} for ${count(nodes, "node")}`;
		at("subnetIds", message, "name one a node, each in a zone of its own");
	}
	if (zones !== undefined && zones.length !== nodes) {
		at("zones", `${count(zones.length, "zone")} for ${count(nodes, "node")}`, "name one a node, each another");
	}
	if (cidr !== undefined && !isBlock(cidr)) {
		at("cidr", `${cidr} is not a block of /16 to /24`, "write for example 10.74.0.0/16");
	}
	if (alarms !== undefined && (alarms.email === undefined) === (alarms.topicArn === undefined)) {
		problems.push(
			problem(["aws", "alarms"], "needs one of email and topicArn", "write for example email: ops@example.com"),
		);
	}
	return problems;
}

function isBlock(cidr: string): boolean {
	try {
		const block = new Netmask(cidr);
		return block.bitmask >= 16 && block.bitmask <= 24 && block.base === cidr.split("/")[0];
	} catch {
		return false;
	}
}

function count(number: number, what: string, plural = "s"): string {
	return `${number} ${what}${number === 1 ? "" : plural}`;
}
