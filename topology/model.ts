import type { Device, Fleet, HubConsumer, Settings } from "../config/model";
import type { NodeLoad, StreamLoad } from "./hub-load";
import type { ConsumerConfig, StreamConfig } from "./jetstream";
import type { PowerCutLoss } from "./power-cut";
import type { Wear } from "./wear";

/**
 * Everything that follows from a fleet and a stack's settings, decided before anything is created. `plan()` in
 * `topology/plan.ts` makes it; renderers, components, policies and the command line only read it.
 */
export interface Topology {
	readonly fleet: Fleet;
	readonly settings: Settings;
	/** Streams of the hub by name, each with all its sources. */
	readonly hubStreams: Readonly<Record<string, HubStream>>;
	/** At most 64 devices each; the key is stable (`<group>` or `<group>-<NN>`). */
	readonly edgeGroups: Readonly<Record<string, EdgeGroup>>;
	/** Devices in service, by name. Retired ones are in `retired`. */
	readonly devices: Readonly<Record<string, PlannedDevice>>;
	readonly retired: Readonly<Record<string, Device>>;
	readonly budgets: Budgets;
	readonly graph: Graph;
}

export interface HubStream {
	readonly class: string;
	readonly direction: "uplink" | "downlink";
	/** Devices whose edge streams it sources (uplink) or feeds (downlink), sorted. */
	readonly devices: readonly string[];
	/** As `STREAM.CREATE` takes it, sources included. */
	readonly config: StreamConfig;
	/** Durable consumers on it: the readers of the fleet file, and one a device for a downlink. By name. */
	readonly consumers: Readonly<Record<string, ConsumerConfig>>;
}

/** The compact form that is stored in the state: what `expandEdge()` needs to make every stream of every device. */
export interface EdgeGroup {
	readonly group: string;
	readonly classes: Readonly<Record<string, EdgeClass>>;
	/** A map, never a list: a device added in the middle changes nothing else. */
	readonly devices: Readonly<Record<string, EdgeDevice>>;
}

export interface EdgeClass {
	readonly direction: "uplink" | "downlink";
	readonly accepts: readonly string[];
	readonly storage: "file" | "memory";
	readonly discard: "old" | "new";
	readonly maxBytes: number;
	/** Milliseconds, 0 for none. */
	readonly maxAgeMs: number;
	/** `max_ack_pending` of the durable consumer that the hub sources through. */
	readonly window: number;
	readonly sourcing: "durable" | "ephemeral";
}

export interface EdgeDevice {
	/** `drain` keeps its streams until the hub has everything. */
	readonly retired?: "drain";
}

/** What `expandEdge()` gives for one device and class. */
export interface EdgeStream {
	readonly device: string;
	readonly class: string;
	readonly stream: StreamConfig;
	/** The hub's durable consumer on it; absent on a downlink and with `sourcing: ephemeral`. */
	readonly consumer?: ConsumerConfig;
}

export interface PlannedDevice {
	readonly name: string;
	readonly group: string;
	/** Key in `edgeGroups`. */
	readonly edgeGroup: string;
	/** Client port on loopback. */
	readonly clientPort: number;
	/** Port for MQTT on loopback. @default it takes none */
	readonly mqttPort?: number;
	/** Hub stream by uplink class. */
	readonly hubStreams: Readonly<Record<string, string>>;
}

export interface Budgets {
	readonly buffer: Readonly<Record<string, BufferBudget>>;
	readonly link: Readonly<Record<string, LinkBudget>>;
	readonly hub: HubBudget;
}

/** By group: what its devices must hold through the longest outage. */
export interface BufferBudget {
	readonly group: string;
	/** Bytes that the streams may take together; at most `availableBytes`. */
	readonly neededBytes: number;
	readonly availableBytes: number;
	readonly classes: Readonly<Record<string, ClassBuffer>>;
	readonly wear: Wear;
}

/** What the stream of a class has on each device of a group. */
export interface ClassBuffer {
	readonly maxBytes: number;
	/** Time until an empty stream is full at the class's rate. */
	readonly holdsMs: number;
	readonly powerCut: PowerCutLoss;
}

/** By group: whether the link can carry the traffic and catch up. */
export interface LinkBudget {
	readonly group: string;
	readonly neededBitsPerSecond: number;
	readonly availableBitsPerSecond: number;
	/** Time to drain the backlog of the longest outage while new messages arrive. */
	readonly catchUpMs: number;
	readonly windows: Readonly<Record<string, number>>;
}

export interface HubBudget {
	readonly messagesPerSecond: number;
	/** Messages of the fleet's own kind that the hub sustains, so that it can also catch up. */
	readonly messagesPerSecondLimit: number;
	/** What each node must sustain, catching up included. */
	readonly load: NodeLoad;
	/** Of each hub stream, what the load follows from. */
	readonly traffic: readonly StreamLoad[];
	/** What each node is: an instance type of AWS, or this machine. */
	readonly machine: string;
	/** What all nodes write to their streams in a second, replicas included. */
	readonly bytesPerSecond: number;
	/** Bytes over all nodes and replicas. */
	readonly neededBytes: number;
	readonly availableBytes: number;
	readonly streams: Readonly<Record<string, { readonly maxBytes: number; readonly replicas: number }>>;
	/** Of a cut of all nodes at once; one of three takes nothing. Devices that still hold it send it again. */
	readonly powerCut: PowerCutLoss;
}

/** Streams of all domains, and what flows between them. */
export interface Graph {
	readonly nodes: readonly GraphNode[];
	readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
	readonly domain: string;
	readonly stream: string;
	readonly subjects: readonly string[];
}

export interface GraphEdge {
	/** `domain/stream` of the origin. */
	readonly from: string;
	/** `domain/stream` of the stream that sources it. */
	readonly to: string;
	readonly via: "source" | "mirror" | "republish";
}

export type { HubConsumer };

/** A design that cannot hold: names the field, the value and the remedy, and is shown without a stack trace. */
export interface Problem {
	/** Path in the fleet file or the settings, for example `["classes", "can", "rate"]`. */
	readonly path: readonly (string | number)[];
	readonly message: string;
	readonly remedy: string;
	/** Which of the two documents the path is in. */
	readonly document: "fleet" | "settings";
}
