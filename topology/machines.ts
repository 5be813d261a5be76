import type { AwsSettings } from "../config/aws-model";
import table from "./instance-types.json";

/**
 * What a machine sustains for as long as it runs. Most types do more for half an hour a day ("up to 12.5 Gigabit");
 * nothing that must hold every day is planned on that.
 */
export interface Machine {
	/** For people: `m7g.large`. */
	readonly name: string;
	/** Processors that budgets count: of burstable types their share, and never more than were measured. */
	readonly processors: number;
	/** To and from its EBS volumes together. Infinite where it is not known and nothing is planned on it. */
	readonly volumeBytesPerSecond: number;
	/** Of its EBS volumes, 16 KiB each. */
	readonly volumeOperationsPerSecond: number;
	/** In each direction. */
	readonly networkBitsPerSecond: number;
	/** Part of it that comes and goes through an internet gateway, in each direction. */
	readonly gatewayBitsPerSecond: number;
	/** Disks of its own, bytes. */
	readonly diskBytes: number;
	readonly memoryBytes: number;
}

/**
 * Processors that a hub was measured on (docs/benchmarks.md). A hub stream's messages pass one goroutine, and how much
 * more a hub does on more of them nobody has measured, so no more are counted; `hub.aws.baseline` counts as it is given.
 */
export const MEASURED_PROCESSORS = 2;

/** A hub on the machine where leafline runs, about which nothing else is known than how it was measured. */
export const LOCAL_MACHINE: Machine = {
	name: "this machine",
	processors: MEASURED_PROCESSORS,
	volumeBytesPerSecond: Number.POSITIVE_INFINITY,
	volumeOperationsPerSecond: Number.POSITIVE_INFINITY,
	networkBitsPerSecond: Number.POSITIVE_INFINITY,
	gatewayBitsPerSecond: Number.POSITIVE_INFINITY,
	diskBytes: Number.POSITIVE_INFINITY,
	memoryBytes: Number.POSITIVE_INFINITY,
};

/** Through an internet gateway go 5 Gbit/s, or half with 32 vCPUs and more (EC2 user guide, "network bandwidth"). */
const GATEWAY_GBITS = 5;
const GATEWAY_VCPUS = 32;

/** vCPUs, share of each, memory in GiB, EBS in MB/s and operations/s, network in Gbit/s, disks in GB. */
type Row = readonly [number, number, number, number, number, number, number];

const TYPES = table.types as unknown as Readonly<Record<string, Row>>;

/** Where the table is from, for messages and docs. */
export const TABLE = { source: table.source, date: table.date };

/** @returns what a type sustains, `undefined` for one that is not in the table */
export function machineOf(instanceType: string): Machine | undefined {
	const row = Object.hasOwn(TYPES, instanceType) ? TYPES[instanceType] : undefined;
	if (row === undefined) return undefined;
	const [vcpus, share, gib, ebs, operations, gigabits, disks] = row;
	return {
		name: instanceType,
		processors: Math.min(vcpus, MEASURED_PROCESSORS) * share,
		volumeBytesPerSecond: ebs * 1e6,
		volumeOperationsPerSecond: operations,
		networkBitsPerSecond: gigabits * 1e9,
		gatewayBitsPerSecond: Math.min(gigabits, Math.max(GATEWAY_GBITS, vcpus < GATEWAY_VCPUS ? 0 : gigabits / 2)) * 1e9,
		diskBytes: disks * 1e9,
		memoryBytes: gib * 1024 ** 3,
	};
}

/** What the settings state of their type, or else what the table does. */
export function statedMachine({ instanceType, baseline }: AwsSettings): Machine | undefined {
	if (instanceType === undefined) return undefined;
	if (baseline === undefined) return machineOf(instanceType);
	return {
		name: instanceType,
		processors: baseline.processors,
		volumeBytesPerSecond: baseline.ebsBitsPerSecond / 8,
		volumeOperationsPerSecond: baseline.iops,
		networkBitsPerSecond: baseline.networkBitsPerSecond,
		gatewayBitsPerSecond: Math.min(baseline.networkBitsPerSecond, GATEWAY_GBITS * 1e9),
		diskBytes: machineOf(instanceType)?.diskBytes ?? Number.POSITIVE_INFINITY,
		memoryBytes: machineOf(instanceType)?.memoryBytes ?? Number.POSITIVE_INFINITY,
	};
}

/** Types of one family, the smallest first. */
export function familyOf(family: string): Machine[] {
	return Object.keys(TYPES).flatMap((name) => (name.startsWith(`${family}.`) ? (machineOf(name) ?? []) : []));
}
