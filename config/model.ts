import type { AwsSettings } from "./aws-model";

/**
 * The fleet and the stack's settings as leafline computes with them: every default filled in, every group expanded,
 * every unit converted. Sizes are bytes, durations milliseconds, speeds bits a second, rates messages a second.
 */

/** A fleet file, read and checked. */
export interface Fleet {
	/** Name of the fleet, one token of `[a-z0-9-]`. */
	readonly name: string;
	readonly hardware: Readonly<Record<string, Hardware>>;
	/** Kinds of traffic from the devices to the hub. */
	readonly classes: Readonly<Record<string, UplinkClass>>;
	/** Kinds of traffic from the hub to the devices. */
	readonly downlink: Readonly<Record<string, DownlinkClass>>;
	/** Readers of the hub's streams. */
	readonly consumers: Readonly<Record<string, HubConsumer>>;
	readonly groups: Readonly<Record<string, DeviceGroup>>;
	/** Every device of every group, in the order in which the file names them. */
	readonly devices: Readonly<Record<string, Device>>;
	/** The key of the account that signs the credentials of all devices. @default never replaced */
	readonly signingKey?: SigningKeyRotation;
	/** What signs the hub's certificate. @default never replaced */
	readonly authority?: AuthorityRotation;
}

/** Where devices are on the way from one authority of the hub's certificate to the next. */
export interface AuthorityRotation {
	/** How often it was replaced. */
	readonly rotation: number;
	/** `beside`: devices are given the new one beside the old, which signs; `signs`: the new one does; `alone`: the old one is gone. */
	readonly stage: "beside" | "signs" | "alone";
}

export interface SigningKeyRotation {
	/** How often it was replaced. */
	readonly rotation: number;
	/** Keys from before this rotation end although devices were not seen with a later one. At most `rotation`. @default 0 */
	readonly end: number;
}

export interface Hardware {
	/** @default "arm64" */
	readonly arch: "arm64" | "amd64";
	/** What JetStream may use on the device's disk (`max_file`). @default 5 GiB */
	readonly bufferBytes: number;
	/** Size of the disk that `storeDir` is on. @default not known */
	readonly diskBytes?: number;
	/** Part of the buffer that is kept for streams and buckets of the device's own programs. @default 0 */
	readonly programsBytes: number;
	/** JetStream's `sync_interval`, or `always`. @default 250 ms, or `always` where a class says so */
	readonly sync: number | "always";
	/** Syncs that the disk does in a second, one after the other. @default 200 */
	readonly syncsPerSecond: number;
	/** What may be written to the disk in its life. @default not known */
	readonly enduranceBytes?: number;
	/** JetStream's `store_dir` on the device. @default "/var/lib/nats/edge" */
	readonly storeDir: string;
	/** JetStream's `max_mem`. @default 64 MiB */
	readonly memoryBytes: number;
	/** Port of the client listener, on loopback. @default 4222 */
	readonly clientPort: number;
}

export interface Link {
	/** From the device to the hub. @default 20 Mbit/s */
	readonly upBitsPerSecond: number;
	/** From the hub to the device. @default the same as up */
	readonly downBitsPerSecond: number;
	/** @default 80 ms */
	readonly rttMs: number;
	/** The longest outage that may lose nothing. @default 30 min */
	readonly outageMs: number;
	/** Pinned, because `s2_auto` does nothing below 10 ms of round trip. @default "s2_fast" */
	readonly compression: "off" | "s2_fast" | "s2_better" | "s2_best";
}

export interface UplinkClass {
	/** Messages a second of one device. */
	readonly rate: number;
	/** Payload of one message in bytes. */
	readonly sizeBytes: number;
	/** Subjects that the device's own programs publish on, besides `<device>.<class>.>`. @default none */
	readonly accepts: readonly string[];
	/** `high`: keeps its latency while the others drain. @default "normal" */
	readonly priority: "normal" | "high";
	/** `refuse` tells the publisher (`discard: new`), `drop-oldest` loses the oldest (`discard: old`). */
	readonly whenFull: "refuse" | "drop-oldest";
	/** @default "file" */
	readonly storage: "file" | "memory";
	/** Acknowledged when it is on disk; so are all classes of a device then. @default the hardware's */
	readonly sync?: "always";
	/** Age limit at the edge; only for `drop-oldest` classes, because a wrong clock empties the stream. @default for those, the longer of `hub.keep` and the link's outage */
	readonly maxAgeMs?: number;
	/** How long other classes' messages may wait for this class's bytes on the link. @default 500 ms */
	readonly delayMs: number;
	/** Hub streams that this class is spread over. @default 1 for up to 64 devices, then one for every 64, up to 32 */
	readonly shards?: number;
	readonly hub: UplinkHub;
}

export interface UplinkHub {
	/** How long the hub keeps a message (`max_age`). @default 7 d */
	readonly keepMs: number;
	/** @default 1 on one node, 3 on three */
	readonly replicas?: number;
}

export interface DownlinkClass {
	/** How long the hub keeps a message for a device that is away. @default 1 d */
	readonly keepMs: number;
	/** Payload of one message in bytes. @default 1 KiB */
	readonly sizeBytes: number;
	/** Messages a second to one device. @default 1 */
	readonly rate: number;
	/** @default 1 on one node, 3 on three */
	readonly replicas?: number;
}

export const DELIVER_POLICIES = ["all", "new", "last", "last-per-subject", "by-start-time"] as const;
export type DeliverPolicy = (typeof DELIVER_POLICIES)[number];

export interface HubConsumer {
	/** The class whose hub streams it reads. */
	readonly class: string;
	/** Where it starts; stated always, for a silent default is a replay storm. */
	readonly deliver: DeliverPolicy;
	/** RFC 3339, only with `by-start-time`. */
	readonly startTime?: string;
	/** Only messages of this subject, for example `truck-001.can.>`. @default all */
	readonly filter?: string;
	/** @default 30 s */
	readonly ackWaitMs: number;
	/** @default 1,000 */
	readonly maxAckPending: number;
}

export interface DeviceGroup {
	readonly hardware: string;
	readonly link: Link;
	/** Names of its devices, in the order in which the file names them. */
	readonly devices: readonly string[];
	/** Its devices take MQTT on loopback, by leafline's bridge. @default they do not */
	readonly mqtt?: MqttSettings;
}

export interface MqttSettings {
	/** On loopback. @default 1883 */
	readonly port: number;
	/** Class by filter of topics, besides the topics that are what a class accepts. @default none */
	readonly topics: Readonly<Record<string, string>>;
}

export interface Device {
	readonly name: string;
	readonly group: string;
	/** What people call it, for example what is printed on it. @default its name */
	readonly label?: string;
	/** `drain`: taken out once the hub has everything; `lost`: revoked at once. @default in service */
	readonly retired?: "drain" | "lost";
	/** User nkey (`U…`) whose seed only the device knows. @default derived from the fleet's secret */
	readonly publicKey?: string;
	/** How often it was given a new key, by itself and with the whole fleet. @default 0 */
	readonly rotation?: number;
}

/** The settings of one stack (`Pulumi.<env>.yaml`, namespace `leafline`). */
export interface Settings {
	/** Name of the stack. */
	readonly environment: string;
	/** Path of the fleet file, from the project's folder. @default "fleets/demo.yaml" for a local hub */
	readonly fleet: string;
	readonly hub: HubSettings;
	readonly leaves: LeavesSettings;
	/** `ephemeral` is for servers or findings that forbid durable sourcing, and for classes that drop their oldest alone. @default "durable" */
	readonly sourcing: "durable" | "ephemeral";
	/** Lets an update or a destroy lose messages. @default true for a local hub, else false */
	readonly allowDataLoss: boolean;
	/** Devices that could not be reached are no change, for drift checks. @default false */
	readonly ignorePending: boolean;
	/** Names of streams that exist already and are taken over. @default none */
	readonly adopt: readonly string[];
	/** NATS URLs to manage the hub through, instead of a control leaf on 7422. @default none */
	readonly controlUrls: readonly string[];
	/** Room at the hub for the releases that devices fetch, bytes of one copy. @default there are no rollouts */
	readonly rolloutBytes?: number;
}

/** A nats-server with leafline's change, or one as its project releases it. */
export type ServerEdition = "leafline" | "official";

export interface HubSettings {
	/** @default "local" for the stack `local`, else "aws" */
	readonly kind: "local" | "aws";
	/** Servers in the cluster. @default 1 */
	readonly nodes: 1 | 3;
	/**
	 * With leafline's change, so that a source of the hub answers nobody but its own consumer, or as the project of NATS
	 * releases it, which every device can have delete what it likes. A local hub runs the one on PATH. @default "leafline"
	 */
	readonly server: ServerEdition;
	/**
	 * Where devices connect; the only port of the hub that others may reach. On one machine, this and the other ports
	 * are those of the first node, and the next nodes count up. @default 7422
	 */
	readonly leafPort: number;
	/** Client listener, on loopback. @default 4222 */
	readonly clientPort: number;
	/** Monitoring, on loopback. @default 8222 */
	readonly monitorPort: number;
	/** Routes between the nodes of a hub on this machine, on loopback. @default 6222 */
	readonly routePort: number;
	/** Host names or addresses that devices use. @default ["127.0.0.1"] for a local hub */
	readonly addresses: readonly string[];
	/** JetStream's `store_dir`. @default "/data/nats/hub", for a local hub ".leafline/local/hub/jetstream" */
	readonly storeDir: string;
	/** JetStream's `max_mem`. @default 1 GiB */
	readonly memoryBytes: number;
	/** JetStream's `max_file` of one node. @default 100 GiB */
	readonly fileBytes: number;
	/** JetStream's `sync_interval`, or `always`. @default 250 ms */
	readonly sync: number | "always";
	/** Only of a hub on AWS. */
	readonly aws?: AwsSettings;
}

export type { AwsSettings };

export interface LeavesSettings {
	/** Run every device of the fleet as a leaf node on this machine. @default true for a local hub, else false */
	readonly local: boolean;
	/** Client port of the first local device; the next ones count up. @default 14222 */
	readonly clientPort: number;
	/**
	 * Loopback port of the first local device's link to the hub; the next ones count up. A hub of three nodes takes
	 * `limit` ports more for the links to each further node. @default 17422
	 */
	readonly linkPort: number;
	/** Port for MQTT of the first local device, if the fleet file asks for it; the next ones count up. @default 11883 */
	readonly mqttPort: number;
	/** Most devices that are started locally. @default 32 */
	readonly limit: number;
}
