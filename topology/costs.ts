import { awsSettings, planAwsHub } from "./aws";
import type { Topology } from "./model";

/**
 * What a hub on AWS costs a month of 730 hours, estimated from list prices on demand, without tax, free tier and
 * discounts. Pure; docs/costs.md and docs/operations.md show what it gives, and a test holds them against it.
 */

/** US dollars: list prices of November 2026, which could not be looked up where this was written (docs/costs.md). */
export interface Prices {
	/** An hour of an instance, by type. */
	readonly instances: Readonly<Record<string, number>>;
	/** A GiB of gp3, a month; an operation a second and a MiB a second beyond what is included. */
	readonly volumeGib: number;
	readonly volumeIops: number;
	readonly volumeThroughput: number;
	/** A GB that changed since the last snapshot, a month. */
	readonly snapshotGb: number;
	/** An hour of a public address. */
	readonly address: number;
	/** A GB between zones, at each end. */
	readonly zoneGb: number;
	/** A GB to the internet. */
	readonly internetGb: number;
	/** A GB of a journal that CloudWatch Logs takes. */
	readonly logGb: number;
}

const COMMON = { volumeIops: 0.005, volumeThroughput: 0.04, address: 0.005, zoneGb: 0.01, internetGb: 0.09 };

export const PRICES: Readonly<Record<"us-east-1" | "eu-central-1", Prices>> = {
	"us-east-1": {
		...COMMON,
		instances: { "t4g.small": 0.0168, "m7g.large": 0.0816, "m7g.xlarge": 0.1632, "m7g.2xlarge": 0.3264 },
		volumeGib: 0.08,
		snapshotGb: 0.05,
		logGb: 0.5,
	},
	"eu-central-1": {
		...COMMON,
		instances: { "t4g.small": 0.0192, "m7g.large": 0.0978, "m7g.xlarge": 0.1956, "m7g.2xlarge": 0.3912 },
		volumeGib: 0.0952,
		snapshotGb: 0.054,
		logGb: 0.63,
	},
};

/** Dollars a month, by what they are paid for. */
export interface Costs {
	readonly instances: number;
	readonly volumes: number;
	/** Operations and throughput beyond what is included. */
	readonly performance: number;
	readonly roots: number;
	readonly addresses: number;
	/** Alarms, metrics, journal. */
	readonly watching: number;
	readonly snapshots: number;
	readonly betweenZones: number;
	readonly toDevices: number;
}

const HOURS = 730;
const SECONDS = HOURS * 3600;
const DAY = 86_400;
const GB = 1e9;

const ROOT_GIB = 8;

/** Of a node: three alarms and a metric, and a GB of journal. */
const ALARMS = 3 * 0.1 + 0.3;
const JOURNAL_GB = 1;

/** Compression on routes left this much of frames made up like those of a CAN bus, on three servers of one machine. */
const ROUTED = 0.64;

/** An acknowledgement of TCP for every second segment: 52 bytes for 2,800. */
const ACKNOWLEDGED = 52 / 2_800;

/**
 * @throws RangeError for a hub that is not on AWS, or whose type has no price here
 */
export function hubCosts(topology: Topology, prices: Prices): Costs {
	const { nodes } = topology.settings.hub;
	const { instanceType, volume } = planAwsHub(topology);
	const hourly = prices.instances[instanceType];
	if (hourly === undefined) throw new RangeError(`no price of ${instanceType} is known`);
	const { sizeGiB = 0, iops = 3_000, throughput = 125 } = volume ?? {};
	const stored = topology.budgets.hub.traffic.reduce((sum, each) => sum + each.rate * each.stored, 0);
	const beyond = (iops - 3_000) * prices.volumeIops + (throughput - 125) * prices.volumeThroughput;
	return {
		instances: nodes * hourly * HOURS,
		volumes: nodes * sizeGiB * prices.volumeGib,
		performance: nodes * beyond,
		roots: nodes * ROOT_GIB * prices.volumeGib,
		addresses: nodes * prices.address * HOURS,
		watching: nodes * (ALARMS + JOURNAL_GB * prices.logGb),
		snapshots: volume ? (nodes * snapshotBytes(topology) * prices.snapshotGb) / GB : 0,
		betweenZones: nodes > 1 ? (zoneBytes(topology, nodes) * SECONDS * ROUTED * 2 * prices.zoneGb) / GB : 0,
		toDevices: (stored * ACKNOWLEDGED * SECONDS * prices.internetGb) / GB,
	};
}

export function totalOf(costs: Costs): number {
	return Object.values(costs).reduce((sum, each) => sum + each, 0);
}

/** From the leader to its replicas, and before that, of n nodes n − 1 times, from where the device is connected. */
function zoneBytes({ budgets }: Topology, nodes: number): number {
	const hops = (replicas: number) => replicas - 1 + (nodes - 1) / nodes;
	return budgets.hub.traffic.reduce((sum, { rate, stored, replicas }) => sum + rate * stored * hops(replicas), 0);
}

/** Of one node: the first snapshot holds everything, each other one what came since, at most all that is kept. */
function snapshotBytes(topology: Topology): number {
	const { keep, everyHours } = awsSettings(topology).snapshots;
	if (keep === 0) return 0;
	const { nodes } = topology.settings.hub;
	const streams = Object.values(topology.hubStreams).map(({ config }, index) => {
		const { rate = 0, stored = 0, replicas = 1 } = topology.budgets.hub.traffic[index] ?? {};
		const bytesPerSecond = (rate * stored * replicas) / nodes;
		const kept = bytesPerSecond * (config.max_age / 1e9);
		return { kept, changed: Math.min(kept, bytesPerSecond * Math.min(DAY, everyHours * 3600)) };
	});
	const total = (of: (stream: { kept: number; changed: number }) => number) =>
		streams.reduce((sum, stream) => sum + of(stream), 0);
	return total(({ kept }) => kept) + (keep - 1) * total(({ changed }) => changed);
}
