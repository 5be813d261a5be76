import type { ConsumerConfig, StreamConfig } from "../topology/jetstream";
import type { PowerCutLoss } from "../topology/power-cut";

/** What the device program is told, by files that leafline renders. Nothing in it is secret. */

/** `device.json`, beside the configuration of the device's server. */
export interface DeviceSpec {
	readonly device: string;
	/** `store_dir` of the server, from the folder of this file. */
	readonly storeDir: string;
	/** Configuration of the server for a start behind closed doors (`render/gate.ts`), from the folder of this file. */
	readonly gateConf: string;
	/** Seed of the user as which this program connects to the device's server, from the folder of this file. */
	readonly key: string;
	/** How long the hub may take to have on its disk what it has acknowledged, in ms. */
	readonly hubSyncMs: number;
	/** Uplinks that are kept in files. */
	readonly streams: readonly StreamSpec[];
}

export interface StreamSpec {
	readonly name: string;
	/** A subject of the stream on which nobody publishes. */
	readonly filler: string;
	/** Make room of what the hub has: streams that refuse when they are full. */
	readonly trim: boolean;
	/** What a power cut may take of it, by the plan. Absent in what an older leafline has rendered. */
	readonly powerCut?: PowerCutLoss;
}

/** A stream that the device program makes where there is none. */
export interface WantedStream {
	/** As `STREAM.CREATE` takes it, with whose it is in its metadata. */
	readonly stream: StreamConfig;
	/** What the hub sources it through. */
	readonly consumer?: ConsumerConfig;
}

export interface MemoryStream extends WantedStream {
	/** As in `StreamSpec`. */
	readonly trim: boolean;
}

/** What `keep` is told: one device where it runs on one, all of them where many stand on one machine. */
export interface KeepSpec {
	readonly devices: Readonly<Record<string, KeptDevice>>;
	/** Servers of a hub on the same machine whose health is looked after, by name. @default none */
	readonly hubs?: Readonly<Record<string, WatchedHub>>;
}

/** A script for the Node that runs this program, which ends a server in order and starts it again. */
export interface RestartCommand {
	/** From the folder of the server. */
	readonly script: string;
	readonly args: readonly string[];
}

export interface WatchedHub {
	/** URL of its monitoring, on loopback. */
	readonly monitor: string;
	/** Its folder, from the folder of this file. */
	readonly dir: string;
	/** `store_dir`, from its folder. */
	readonly storeDir: string;
	/**
	 * From its folder, a file whose first two lines are its process: number and start time (`ProcessId`).
	 * @default none: one that hangs is not ended
	 */
	readonly record?: string;
	readonly restart: RestartCommand;
}

export interface KeptDevice {
	/** Client URL of its server, on loopback. */
	readonly url: string;
	/** Folder of its `device.json`, from the folder of this file. */
	readonly dir: string;
	readonly spec: DeviceSpec;
	/** Its streams in memory, which a server that starts does not have. @default none */
	readonly memory?: readonly MemoryStream[];
	/** Folder in which its server writes down its ports, from `dir`. @default none: nobody looks after its health */
	readonly portsDir?: string;
	/**
	 * How its server is restarted. @default SIGTERM, for whoever runs the server, as systemd by `Restart=always`, starts it
	 * again
	 */
	readonly restart?: RestartCommand;
	/** Where its releases are. @default none: it is updated by whoever can copy a bundle onto it */
	readonly releases?: ReleasesSpec;
}

export interface ReleasesSpec {
	/** Folder of the releases, from `dir`. */
	readonly base: string;
	/** Folder in which the program writes down what it finds of a release on trial, from `dir`. */
	readonly runtime: string;
	/** Most bytes a second that are fetched of a release. */
	readonly bytesPerSecond: number;
}

export const DEVICE_SPEC_FILE = "device.json";
export const KEEP_SPEC_FILE = "spec.json";
/** Unix socket in its folder on which `keep` answers. */
export const KEEP_SOCKET = "control.sock";

/** A fault of the machine or of what it was given: one line for the journal, no stack trace. */
export class DeviceError extends Error {}

/** The disk takes nothing: it is full or read-only. What failed may go well when somebody has seen to it. */
export class DiskError extends DeviceError {}
