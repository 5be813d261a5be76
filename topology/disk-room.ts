import { formatBytes } from "./format";

/**
 * The disk under a server's store. One write that fails for want of room ends all writing to that stream until the
 * server is restarted (nats-server 2.15.2, `fileStore.setWriteErr`), and there is no answer to the publisher. So one is
 * warned while there still is room, and the server is restarted when there is room again: now and then, and never in a
 * loop, for a disk that is broken looks the same.
 */

/**
 * Of what `/healthz` says of a server of the hub, what means that it cannot write: a stream, or all of JetStream, which it
 * switches off when a message that it sources, or its log of a cluster, finds no room (nats-server 2.15.2,
 * `processInboundSourceMsg`, `raft.setWriteErr`). No character of them means anything in an expression of grep or JSON.
 */
export const CANNOT_WRITE: readonly string[] = ["write error: ", "JetStream not enabled"];

/** A file system, as statfs(2) tells it to whom the server runs as. */
export interface DiskRoom {
	readonly bytes: number;
	readonly freeBytes: number;
	/** Inodes; 0 where they are made as needed (btrfs). */
	readonly files: number;
	readonly freeFiles: number;
}

/** What is stored in it, and may be. */
export interface StoreUse {
	/** `max_file` of JetStream. */
	readonly maxBytes: number;
	readonly storedBytes: number;
}

const MIB = 1024 ** 2;

/** Below this a write may fail at any moment: blocks, indexes and what others write come in such steps. */
export const FULL_BYTES = 8 * MIB;
export const FULL_FILES = 64;

/**
 * What must be free before a server is started anew whose streams are moved on (`device/gate.ts`). That itself takes less
 * than 1 MiB at any time, for what moves them on is purged at once; the rest is for what publishers have waited to say.
 */
export const RESTART_BYTES = 16 * MIB;
export const RESTART_FILES = 256;

/** A block is a file of its own, and no stream that holds much has smaller ones (nats-server, `dynBlkSize`). */
const BLOCK_BYTES = 4 * MIB;

/** Whether a server that writes may fail at any moment. */
export function isFull({ freeBytes, files, freeFiles }: DiskRoom): boolean {
	return freeBytes < FULL_BYTES || (files > 0 && freeFiles < FULL_FILES);
}

/** Whether a server that failed to write is worth another start. */
export function hasRoomAgain({ freeBytes, files, freeFiles }: DiskRoom): boolean {
	return freeBytes >= RESTART_BYTES && (files === 0 || freeFiles >= RESTART_FILES);
}

/** For people: what must be free. */
export const ROOM_NEEDED = `${formatBytes(RESTART_BYTES)} and ${RESTART_FILES} inodes`;

export interface Shortage {
	readonly what: "bytes" | "inodes";
	readonly free: number;
	readonly needed: number;
}

/** What the store may still take and the disk does not have: the buffer would end before its time. */
export function shortage(disk: DiskRoom, { maxBytes, storedBytes }: StoreUse): Shortage[] {
	const growth = Math.max(0, maxBytes - storedBytes);
	const bytes = growth + RESTART_BYTES;
	const files = Math.ceil(growth / BLOCK_BYTES) + RESTART_FILES;
	const short: Shortage[] = [];
	if (disk.freeBytes < bytes) short.push({ what: "bytes", free: disk.freeBytes, needed: bytes });
	if (disk.files > 0 && disk.freeFiles < files) short.push({ what: "inodes", free: disk.freeFiles, needed: files });
	return short;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between two restarts in a row, the last one from then on: at most eight in the first day, four in each later one. */
export const RESTART_PAUSES_MS = [0, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR] as const;

/** What it was restarted for is over when it has been well for so long. */
export const WELL_MS = HOUR;

/** Restarts in a row, as they are kept on disk. */
export interface Restarts {
	readonly tries: number;
	/** Of the last one, in milliseconds of the Unix epoch. */
	readonly at: number;
}

/**
 * Milliseconds until a server that cannot write may be restarted; 0: now. A clock that was set back since makes nobody
 * wait longer than the pause.
 */
export function restartIn({ tries, at }: Restarts, now: number): number {
	const pause = RESTART_PAUSES_MS[Math.min(tries, RESTART_PAUSES_MS.length - 1)] ?? 0;
	return Math.min(pause, Math.max(0, at + pause - now));
}
