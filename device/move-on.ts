import type { StreamInfo } from "../jetstream/answers";
import { ANSWER_MS, type Ask, streamInfo } from "./ask";
import { DeviceError, type StreamSpec } from "./spec";

/** Messages at a time: the server drops some when 10,000 wait to be stored. */
const AT_ONCE = 5_000;
/** How many move a stream on at most: an hour of them. */
const MOST = 1_000_000_000;
/** Room that one needs, with what the server stores beside it. */
const BYTES_EACH = 256;
/** While a full stream has more room, its own limit stands here: in the stream, so that no crash can lose it. */
const OWN_LIMIT = "leafline.max_bytes";

/**
 * Moves a stream on until `target` is its last sequence, by messages on a subject of their own that are purged at once.
 * What it holds stays, and no reader ever sees them. To be called while nobody else can reach the server.
 *
 * @param synced puts on disk what the server has written
 * @returns whether the stream has more room now than its own limit gives it: `giveLimitBack()`, once the server has ended
 * @throws DeviceError when the stream does not get there
 */
export async function moveOn(ask: Ask, stream: StreamSpec, target: number, synced: () => void): Promise<boolean> {
	let info = await mustExist(ask, stream.name);
	await purgeFillers(ask, stream);
	// All of them: a server that is killed may find again every message that it had purged.
	const missing = Math.max(0, target - info.state.last_seq);
	if (missing > MOST) {
		const where = `stands at ${info.state.last_seq}, and has to go on after ${target}`;
		throw new DeviceError(`${stream.name} ${where}: so far only leafline's nats-server moves it`);
	}
	const room = missing * BYTES_EACH;
	if (!hasRoom(info, room)) info = await makeRoom(ask, info, room, synced);
	for (let last = info.state.last_seq; last < target; ) {
		const before = last;
		const end = Math.min(target, last + AT_ONCE);
		last = await fill(ask, stream, last, end);
		await purgeFillers(ask, stream);
		if (last <= before) throw new DeviceError(`${stream.name} takes no messages, and stands at ${last} of ${target}`);
	}
	return info.config.metadata?.[OWN_LIMIT] !== undefined;
}

/**
 * Stores up to sequence `end`. What one connection publishes is stored in its order, so the answer to the last message
 * says that all are stored; were some dropped, its sequence says so too.
 */
async function fill({ publish, store }: Ask, { filler }: StreamSpec, last: number, end: number): Promise<number> {
	for (let next = last + 1; next < end; next++) publish(filler);
	return store(filler);
}

async function purgeFillers({ api }: Ask, { name, filler }: StreamSpec): Promise<void> {
	await api.ask(`STREAM.PURGE.${name}`, { filter: filler }, ANSWER_MS);
}

function hasRoom({ config, state }: StreamInfo, room: number): boolean {
	return config.max_bytes <= 0 || state.bytes + room <= config.max_bytes;
}

/** A full stream would refuse, or drop its oldest messages. */
async function makeRoom(
	{ api }: Ask,
	{ config, state }: StreamInfo,
	room: number,
	synced: () => void,
): Promise<StreamInfo> {
	const own = config.metadata?.[OWN_LIMIT] ?? String(config.max_bytes);
	const wider = {
		...config,
		max_bytes: state.bytes + room,
		metadata: { ...config.metadata, [OWN_LIMIT]: own },
	};
	const changed = await api.ask<StreamInfo>(`STREAM.UPDATE.${config.name}`, wider, ANSWER_MS);
	synced();
	return changed;
}

/**
 * Gives a stream its own limit back. Only a server that has ended in order has written down what it purged: with its
 * own limit, a full stream would drop its oldest messages for those that a killed one finds again.
 */
export async function giveLimitBack(ask: Ask, stream: string, synced: () => void): Promise<void> {
	const { config } = await mustExist(ask, stream);
	const { [OWN_LIMIT]: own, ...metadata } = config.metadata ?? {};
	if (own === undefined) return;
	await ask.api.ask(`STREAM.UPDATE.${stream}`, { ...config, max_bytes: Number(own), metadata }, ANSWER_MS);
	synced();
}

async function mustExist({ api }: Ask, stream: string): Promise<StreamInfo> {
	const info = await streamInfo(api, stream);
	if (!info) throw new DeviceError(`${stream} vanished while it was moved on`);
	return info;
}
