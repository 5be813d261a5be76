import * as fs from "node:fs";
import * as path from "node:path";
import { hasRoomAgain, ROOM_NEEDED } from "../topology/disk-room";
import { BLOCK, floorAfter, safeSequence } from "../topology/reserve";
import { movesToFloors } from "../topology/server-edition";
import { deviceServerTrouble } from "../topology/server-floors";
import { type Ask, streamInfo } from "./ask";
import { closedStore } from "./closed-server";
import { cutLine, newest, noteCut } from "./cut-note";
import { dropDescriptions, keepDescriptions, keepsDescriptions, putDescriptionsBack } from "./descriptions";
import { fingerprint, hasStream, syncFileSystem } from "./disk";
import { behindNewer, olderLine, serverVersion } from "./floors";
import { giveLimitBack, moveOn } from "./move-on";
import { type Mark, type Moved, type Reservations, readReservations, writeReservations } from "./reservations";
import { diskRoom } from "./room";
import { DeviceError, type DeviceSpec, DiskError } from "./spec";
import { beginLife, isNewest } from "./this-boot";

/**
 * To be run before the device's server takes a publisher and before it reaches the hub. After a clean end that this boot
 * of the machine has seen it looks and leaves everything as it is; after any other it moves every stream past all that may
 * ever have been stored: in this store, and where nobody knows whether it is the newest, in a newer one.
 *
 * @param dir folder of `device.json`
 * @throws DeviceError when it cannot be proved that no sequence is used twice: the server must not start then
 */
export async function gate(dir: string, spec: DeviceSpec, say: (line: string) => void): Promise<void> {
	const storeDir = path.resolve(dir, spec.storeDir);
	fs.mkdirSync(storeDir, { recursive: true, mode: 0o700 });
	const known = readReservations(storeDir, spec.device);
	const { sealed, unproved, ...kept } = known ?? { version: 1 as const, device: spec.device, reserved: {} };
	const present = spec.streams.filter(({ name }) => hasStream(storeDir, name));
	const older = present.length > 0 && !isNewest(storeDir, kept.life);
	const changed = present.filter(({ name }) => !sealed?.[name] || sealed[name] !== fingerprint(storeDir, name));
	const server = serverVersion();
	// The server is started all the same: what publishers send is kept for a newer one.
	const trouble = deviceServerTrouble(server);
	if (trouble !== undefined) say(`${spec.device}: its ${trouble}`);
	// The official one does not move its streams to their floors.
	const skips = (older || changed.length > 0) && movesToFloors(server);
	// Without a mark nobody knows from where a stream of an older store would have to go on.
	const suspect =
		older && skips ? present.filter((each) => changed.includes(each) || !kept.reserved[each.name]) : changed;
	if (suspect.length > 0) refuseWithoutRoom(storeDir);
	const now = Date.now();
	const writtenAt = timeOf(kept.at);
	// From here on the store is in use: whatever ends it, the next start must not take it for sealed. Nor must `seal`,
	// which runs after a gate that was ended or failed as well.
	if (suspect.length === 0) {
		const reserved = older && skips ? behindNewer(kept.reserved, now - (writtenAt ?? now)) : kept.reserved;
		beginLife(storeDir, { ...kept, reserved }, "gate");
		if (older && skips) say(olderLine(spec.device, writtenAt, now));
		return;
	}
	writeReservations(storeDir, { ...kept, unproved: true }, "gate");

	say(`${spec.device}: the last end was not clean; moving ${suspect.map(({ name }) => name).join(", ")} on`);
	const names = present.map(({ name }) => name);
	const closed = closedStore(dir, spec);
	if (keepsDescriptions(storeDir)) {
		putDescriptionsBack(storeDir, await closed((ask) => leftOut(ask, names)));
	}
	keepDescriptions(storeDir, names);
	const cut = { startedAt: now, interrupted: unproved === true };
	const moved = await closed((ask) => lookAtAll(ask, spec, kept, { storeDir, cut, skips }));
	syncFileSystem(storeDir);
	const reserved = { ...kept.reserved, ...(skips ? floors(moved) : {}) };
	if (skips) writeReservations(storeDir, { ...kept, reserved, unproved: true }, "gate");
	const unfinished = moved.filter((stream) => skips || stream.wider);
	if (unfinished.length > 0) {
		await closed(async (ask) => {
			for (const stream of unfinished) await finish(ask, stream, () => syncFileSystem(storeDir));
		});
		syncFileSystem(storeDir);
	}
	const streams: Record<string, Moved["streams"][string]> = {};
	for (const { name, created, from, to } of moved) {
		reserved[name] = { ...reserved[name], sequence: to + BLOCK, created };
		streams[name] = { from, to };
		say(`${name}: came back with ${from}, goes on after ${to}`);
	}
	const taken = cutLine(spec);
	if (taken !== undefined) say(taken);
	for (const { name } of present.filter((stream) => !Object.hasOwn(streams, stream.name))) {
		say(`${name}: lies in the store, but the server does not read it: its class takes no messages until it is mended`);
	}
	dropDescriptions(storeDir);
	beginLife(storeDir, { ...kept, reserved, moved: { at: new Date().toISOString(), streams } }, "gate");
}

/** Messages that move streams on must be stored. @throws DiskError */
function refuseWithoutRoom(storeDir: string): void {
	if (hasRoomAgain(diskRoom(storeDir))) return;
	throw new DiskError(
		`${storeDir} is on a disk that is full, and its last end was not clean: ${ROOM_NEEDED} must be free`,
	);
}

/** Streams of the store that the server does not read. */
async function leftOut(ask: Ask, names: readonly string[]): Promise<string[]> {
	const found = await Promise.all(names.map((name) => streamInfo(ask.api, name)));
	return names.filter((_, i) => found[i] === undefined);
}

interface MovedStream {
	readonly name: string;
	readonly created: string;
	readonly from: number;
	readonly to: number;
	/** It has more room than its own limit gives it. */
	readonly wider: boolean;
}

function floors(moved: readonly MovedStream[]): Record<string, Mark> {
	return Object.fromEntries(moved.map(({ name, created, to }) => [name, { sequence: to + BLOCK, floor: to, created }]));
}

/** The server has ended in order since they were looked at, and has started again. @throws DeviceError */
async function finish(ask: Ask, { name, to, wider }: MovedStream, synced: () => void): Promise<void> {
	const last = (await streamInfo(ask.api, name))?.state.last_seq ?? 0;
	if (last < to) throw new DeviceError(`${name} takes no messages, and stands at ${last} of ${to}`);
	if (wider) await giveLimitBack(ask, name, synced);
}

function timeOf(text: string | undefined): number | undefined {
	const at = Date.parse(text ?? "");
	return Number.isFinite(at) ? at : undefined;
}

/**
 * Moves all streams on, unless the server does it when it starts next: those whose files look right may hold what a server
 * that read them finds wrong.
 */
async function lookAtAll(
	ask: Ask,
	spec: DeviceSpec,
	{ reserved, at }: Reservations,
	{ storeDir, cut, skips }: { readonly storeDir: string; readonly cut: UncleanEnd; readonly skips: boolean },
): Promise<readonly MovedStream[]> {
	const moved: MovedStream[] = [];
	const ends: number[] = [];
	for (const stream of spec.streams) {
		const info = await streamInfo(ask.api, stream.name);
		if (!info) continue;
		const { created = "", state } = info;
		const from = state.last_seq;
		const last = newest(info);
		if (last !== undefined) ends.push(last);
		const mark = reserved[stream.name];
		const safe = safeSequence(from, mark?.created === created ? mark.sequence : undefined);
		const writtenAt = timeOf(at) ?? last ?? cut.startedAt;
		// It may be an image as well, of a store that was in use.
		const to = skips ? floorAfter(safe, cut.startedAt - writtenAt) : safe;
		// Also where nothing is to be stored: what a gate before this one has left goes.
		const wider = await moveOn(ask, stream, skips ? from : to, () => syncFileSystem(storeDir));
		moved.push({ name: stream.name, created, from, to, wider });
	}
	// A gate before this one may have moved some of them on: nobody knows then what came last.
	const after = cut.interrupted || ends.length === 0 ? {} : { after: Math.max(...ends) };
	for (const { name } of moved) await noteCut(ask, name, { at: cut.startedAt, ...after });
	return moved;
}

interface UncleanEnd {
	/** When the device program was started after it. */
	readonly startedAt: number;
	/** A gate before this one has not come to its end. */
	readonly interrupted: boolean;
}
