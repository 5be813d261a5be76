import type { Cut } from "../../topology/cut-note";
import { BLOCK } from "../../topology/reserve";
import type { JournalFacts } from "./journal/read";
import type { ProgramFacts } from "./programs";
import type { ReaderFacts } from "./readers";
import type { Remembered } from "./remembered";

/** What one look at a fleet has seen. */

export interface EdgeStreamFacts {
	readonly messages: number;
	readonly bytes: number;
	readonly lastSeq: number;
	/** Of the oldest message that it holds; of an empty stream the next one. Absent if nobody tells. */
	readonly firstSeq?: number;
	/** When the stream was made, milliseconds since 1970. */
	readonly created?: number;
	/** Its server's last end was not clean, as the device program notes it. */
	readonly cut?: Cut;
	/** The message that the hub is to take next; looked at only when it takes nothing. */
	readonly next?: NextMessage;
	/** As the server writes when it was made, which is finer. */
	readonly createdAt?: string;
	/** The first message that the hub has acknowledged and has not got; looked for only where it is behind that. */
	readonly lost?: number;
}

/** A message, as far as it may stand in the way. */
export interface NextMessage {
	readonly seq: number;
	readonly headerBytes: number;
	/** Bytes of headers with which the hub takes it. */
	readonly room: number;
}

/** The consumer on the device that the hub sources through. */
export interface ConsumerFacts {
	/** Messages that the hub has not acknowledged, which it does a window late. */
	readonly unacknowledged: number;
	/** Of these, the ones that it was sent, and how many that may be. */
	readonly underWay: number;
	readonly window: number;
	/** The message up to which the hub has acknowledged all. */
	readonly ackFloor?: number;
	/** The last message that it sent. */
	readonly delivered?: number;
	/** Somebody listens where it delivers to. */
	readonly heard?: boolean;
	/** Fields that are not as leafline makes them, and keep messages from the hub. */
	readonly changed?: readonly string[];
	/** How long it is still paused. */
	readonly pausedMs?: number;
}

export interface EdgeFacts {
	/** When it was asked, milliseconds since 1970. */
	readonly at: number;
	/** By class. */
	readonly streams: Readonly<Record<string, EdgeStreamFacts>>;
	/** Classes without a stream. */
	readonly missing: readonly string[];
	/** What is wrong with an answer that is none, by class. */
	readonly unreadable: Readonly<Record<string, string>>;
	/** By class. */
	readonly consumers: Readonly<Record<string, ConsumerFacts | "missing">>;
	/** Why it cannot write. */
	readonly health?: string;
	/** Absent if it gave no answer to that, or was not asked. */
	readonly programs?: ProgramFacts;
}

export interface SourceFacts {
	/** Last sequence of the edge stream that the hub has; 0 if it has none. */
	readonly seq: number;
	/** What the hub believed was missing when it last heard from the device. */
	readonly lag: number;
	/** Milliseconds since the hub heard from the device; absent if it never did. */
	readonly silentMs?: number;
	readonly error?: string;
	/** What the hub reports of any slow link: worth a word only where its position stands still. */
	readonly slow?: string;
	/** Through a consumer that the device has. */
	readonly durable?: boolean;
	/** When the hub got the last message of it, milliseconds since 1970; asked only when the two disagree. */
	readonly lastArrival?: number;
}

export interface HubStreamFacts {
	readonly messages: number;
	readonly bytes: number;
	/** By device. */
	readonly sources: Readonly<Record<string, SourceFacts>>;
	/** Messages by device; empty for a downlink. */
	readonly stored: Readonly<Record<string, number>>;
	/** `<project>/<stack>` that made it; absent if nobody says. */
	readonly owner?: string;
	/** It has held messages, holds none, and not because they were too old: milliseconds since the last one came. */
	readonly emptiedMs?: number;
	/** It refuses what does not fit, and devices wait. */
	readonly refusesWhenFull?: boolean;
}

export interface NodeFacts {
	readonly name: string;
	/** Why it does not answer. */
	readonly down?: string;
	/** What its health check complains of. */
	readonly error?: string;
}

export interface Cause {
	/** @default "not-connected" */
	readonly code?: "port-shut";
	readonly text: string;
	/** By itself. @default false */
	readonly mends?: true;
}

export interface Facts {
	/** Milliseconds since 1970. */
	readonly at: number;
	/** By hub stream; a stream that is not there is absent. */
	readonly hub: Readonly<Record<string, HubStreamFacts>>;
	/** Why the hub could not be asked. */
	readonly hubError?: string;
	/** Answers of the devices; one that gave none is absent. */
	readonly edges: Readonly<Record<string, EdgeFacts>>;
	/** Devices with a leaf connection to the hub; absent if the hub could not be asked. */
	readonly connected?: readonly string[];
	/** Why a device did not answer, by device. */
	readonly silence?: Readonly<Record<string, string>>;
	/** Why a device is not connected, as far as this machine can see. */
	readonly causes?: Readonly<Record<string, Cause>>;
	/** Version of each node's nats-server, by its name; absent if it was not asked for. */
	readonly versions?: Readonly<Record<string, string>>;
	/** Nodes of the hub; absent if nobody tells. */
	readonly nodes?: readonly NodeFacts[];
	/** What earlier looks have left, by device and class (`memoryKey`). */
	readonly memory?: Readonly<Record<string, Remembered>>;
	/** Links cut on this machine: since when, milliseconds since 1970. */
	readonly cuts: Readonly<Record<string, number>>;
	/** What the hub's journal has; absent if it was not asked for, or there is none yet. */
	readonly journal?: JournalFacts;
	/** Readers of the hub's streams. */
	readonly readers?: readonly ReaderFacts[];
}

/**
 * Messages of a class that the hub has not got. A stream that was moved on after a power cut has sequences without
 * messages: there, what the hub has not acknowledged bounds it, with what it did although it does not have it.
 * @param seq the hub's position
 */
export function waitingFor(edge: EdgeFacts, name: string, seq: number): number {
	const { lastSeq = 0 } = edge.streams[name] ?? {};
	const consumer = edge.consumers[name];
	if (consumer === undefined || consumer === "missing") return Math.max(0, lastSeq - seq);
	return Math.min(consumer.unacknowledged + owed(edge, name, seq), Math.max(0, lastSeq - seq));
}

/**
 * Messages of a class, at most, that the hub has acknowledged and has not got, although the device holds some of them.
 * @param seq the hub's position
 */
export function owed(edge: EdgeFacts, name: string, seq: number): number {
	const consumer = edge.consumers[name];
	const { lost } = edge.streams[name] ?? {};
	if (consumer === undefined || consumer === "missing" || lost === undefined || lost <= seq) return 0;
	return Math.max(0, (consumer.ackFloor ?? 0) - lost + 1);
}

/**
 * The first message that was acknowledged and that the hub has not got. Sequences between the two may be without
 * messages, of fillers after a power cut or of what was purged: then there is none.
 * @param ackFloor up to which all are acknowledged
 * @param next the first message on the device behind the hub's position
 */
export function firstLost(ackFloor: number, next: Pick<NextMessage, "seq"> | undefined): number | undefined {
	return next !== undefined && next.seq <= ackFloor ? next.seq : undefined;
}

/**
 * Messages of a class that are gone from the device although the hub never had them.
 * @param seq the hub's position
 */
export function vanishedFrom(stream: EdgeStreamFacts, seq: number): number {
	return Math.max(0, Math.min(stream.firstSeq ?? 0, stream.lastSeq + 1) - seq - 1);
}

/** As `vanishedFrom`, without what may be a device's own: one that moved its sequences on after a power cut has lost nothing by it. */
export function lostFrom(stream: EdgeStreamFacts, seq: number): number {
	const gone = vanishedFrom(stream, seq);
	return gone < BLOCK ? gone : 0;
}
