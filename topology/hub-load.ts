import type { Machine } from "./machines";

/**
 * What a fleet asks of one node of a hub, and whether a machine sustains it. Of three nodes, the one is meant that leads
 * every stream: after the loss of a node two are left, and leaders do not spread themselves evenly.
 */

/** The messages of one hub stream. */
export interface StreamLoad {
	/** Messages a second. */
	readonly rate: number;
	/** Payload, bytes. */
	readonly payload: number;
	/** Bytes of a message in the stream. */
	readonly stored: number;
	readonly replicas: number;
	/** Durable consumers of readers, each of which takes every message. */
	readonly readers: number;
}

/**
 * How many times the fleet's own rate a hub must take: after an outage of the whole fleet it takes what goes on coming,
 * and half as much again, so that it has made good the outage within twice its length.
 */
export const CATCH_UP = 1.5;

/** Microseconds of a processor. */
interface Cost {
	readonly message: number;
	/** For each byte of payload. */
	readonly byte: number;
}

/**
 * What the server that leads the streams spends, by nodes of the hub: `npm run bench -- hub` on 2.15.2, AMD EPYC
 * (docs/benchmarks.md has the figures). Live messages cost by their number and size, and beside that wake a server that
 * would sleep: at most so many microseconds each, and at most so many processors, which is above what was seen at 600
 * and at 2,400 a second. A hub that is busy does not sleep. A backlog comes in batches.
 */
export const COST: Readonly<Record<1 | 3, { waking: Waking; live: Cost; backlog: Cost }>> = {
	1: {
		waking: { message: 90, processors: 0.15 },
		live: { message: 11, byte: 0.0035 },
		backlog: { message: 8, byte: 0.0025 },
	},
	3: {
		waking: { message: 220, processors: 0.3 },
		live: { message: 10, byte: 0.007 },
		backlog: { message: 9, byte: 0.008 },
	},
};

interface Waking {
	readonly message: number;
	readonly processors: number;
}

/**
 * Messages a second that one replicated stream sources, catching up included. On loopback 19,080 to 84,701 were seen; on
 * EC2 with gp3 others saw 18,000 to 21,000, for one goroutine does it (nats-server #8612).
 */
const STREAM_RATE = 20_000;

/** Processors that an idle server uses: heartbeats, pings, what a cluster says to itself. */
const IDLE = 0.02;

/** Parts of what a machine sustains that are planned with. */
const USABLE = {
	/** The rest is the kernel's, for packets from the network, readers, the garbage of bad moments, and other processors. */
	processor: 0.6,
	/** gp3 volumes do nine tenths of what they are sold for in 99% of the time (EBS user guide, "EBS optimization"). */
	volume: 0.9,
	/** For frames, acknowledgements and what administrators do. */
	network: 0.9,
};

/** A cluster writes everything twice, to its log and to the stream: 649 bytes for 321 were measured. */
const WRITTEN = { 1: 1, 3: 2 } as const;

/** Files that a stream syncs: its messages and their index, and in a cluster its log. */
const SYNCED_FILES = { 1: 2, 3: 3 } as const;

/** EBS counts writes of up to this as one operation; JetStream's blocks are written in smaller ones. */
const BYTES_AN_OPERATION = 64 * 1024;

/** Of one node, catching up included. */
export interface NodeLoad {
	/** Processors. */
	readonly processors: number;
	readonly volumeBytesPerSecond: number;
	readonly volumeOperationsPerSecond: number;
	/** To other nodes and readers. */
	readonly networkBitsPerSecond: number;
	/** From devices. */
	readonly gatewayBitsPerSecond: number;
	/** Of the busiest replicated stream. */
	readonly streamMessagesPerSecond: number;
}

export function nodeLoad(streams: readonly StreamLoad[], nodes: 1 | 3, sync: number | "always"): NodeLoad {
	const total = (of: (stream: StreamLoad) => number) => streams.reduce((sum, stream) => sum + of(stream), 0);
	const { waking, live, backlog } = COST[nodes];
	const messages = total(({ rate }) => rate);
	const bytes = (copies: (stream: StreamLoad) => number) =>
		total((stream) => stream.rate * stream.stored * copies(stream)) * CATCH_UP;
	// Every node has a copy of what has three replicas, and its share of the rest.
	const volume = bytes(({ replicas }) => (replicas * WRITTEN[nodes]) / nodes);
	const files = Math.ceil(total(({ replicas }) => replicas) / nodes) * SYNCED_FILES[nodes];
	// No stream is synced more often than it is written to.
	const perMessage = messages * CATCH_UP * (nodes === 3 ? 2 : 1);
	const syncs = sync === "always" ? perMessage : Math.min((files * 1000) / sync, perMessage * SYNCED_FILES[nodes]);
	const cost = ({ rate, payload }: StreamLoad) =>
		rate * (live.message + live.byte * payload + (CATCH_UP - 1) * (backlog.message + backlog.byte * payload));
	return {
		processors: Math.min(waking.processors, (messages * waking.message) / 1e6) + total(cost) / 1e6,
		volumeBytesPerSecond: volume,
		volumeOperationsPerSecond: Math.ceil(syncs + volume / BYTES_AN_OPERATION),
		networkBitsPerSecond: 8 * bytes(({ replicas, readers }) => replicas - 1 + readers),
		gatewayBitsPerSecond: 8 * bytes(() => 1),
		streamMessagesPerSecond: CATCH_UP * Math.max(0, ...streams.map(({ rate, replicas }) => (replicas > 1 ? rate : 0))),
	};
}

/** Milliseconds, of which the first is what is written where nothing else is said. */
const INTERVALS = [250, 10, 20, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

/** An interval that is longer than the one that is set and needs no more than so many operations, if there is one. */
export function longerInterval(
	streams: readonly StreamLoad[],
	nodes: 1 | 3,
	sync: number | "always",
	most: number,
): number | undefined {
	const longer = INTERVALS.filter((interval) => sync === "always" || interval > sync);
	return longer.find((interval) => nodeLoad(streams, nodes, interval).volumeOperationsPerSecond <= most);
}

/** One of the things that a machine has, by how much of it is needed. */
export interface Use {
	readonly what: keyof NodeLoad;
	readonly needs: number;
	/** What is planned with. */
	readonly has: number;
}

/** Everything that is used, what is scarcest first. */
export function usesOf(load: NodeLoad, machine: Machine): readonly [Use, ...Use[]] {
	const volume = machine.volumeBytesPerSecond * USABLE.volume;
	const operations = machine.volumeOperationsPerSecond * USABLE.volume;
	const uses: [Use, ...Use[]] = [
		{ what: "processors", needs: load.processors, has: machine.processors * USABLE.processor - IDLE },
		{ what: "volumeBytesPerSecond", needs: load.volumeBytesPerSecond, has: volume },
		{ what: "volumeOperationsPerSecond", needs: load.volumeOperationsPerSecond, has: operations },
		{
			what: "networkBitsPerSecond",
			needs: Math.max(load.networkBitsPerSecond, load.gatewayBitsPerSecond),
			has: machine.networkBitsPerSecond * USABLE.network,
		},
		{
			what: "gatewayBitsPerSecond",
			needs: load.gatewayBitsPerSecond,
			has: machine.gatewayBitsPerSecond * USABLE.network,
		},
		{ what: "streamMessagesPerSecond", needs: load.streamMessagesPerSecond, has: STREAM_RATE },
	];
	return uses.sort((a, b) => partOf(b) - partOf(a)) as [Use, ...Use[]];
}

/** 1 for all of what is planned with. */
export function partOf({ needs, has }: Use): number {
	return needs / has;
}
