import type { Socket } from "node:net";

/** One direction of a link. All its connections share it, as they would share a radio. */
export interface Direction {
	/** Bytes a second; Infinity for unlimited. */
	rate: number;
	/** Milliseconds on the way. */
	delayMs: number;
	/** Swallow every byte, and pass no end on. */
	swallow: boolean;
	/** Bytes handed over. */
	bytes: number;
	/** When everything accepted so far will have been sent, in `performance.now()` milliseconds. */
	busyUntil: number;
}

interface Piece {
	readonly data: Buffer;
	/** When it may be handed over. */
	readonly due: number;
}

/** What a connection may wait in the link besides what is on its way: a router's queue of 50 ms, at least 64 KiB. */
const QUEUE_MS = 50;
const QUEUE_MIN = 64 * 1024;
/** Longest time that one piece occupies the link, so that connections take turns. */
const PIECE_MS = 5;
const PIECE_MIN = 1_448;

export function createDirection(): Direction {
	return { rate: Number.POSITIVE_INFINITY, delayMs: 0, swallow: false, bytes: 0, busyUntil: 0 };
}

/**
 * Carries bytes of one connection in one direction, in order, with bounded memory: it stops reading from `source` when
 * the link's queue or the destination is full. An unlimited link without delay hands bytes on as they come.
 */
export function carry(source: Socket, destination: Socket, direction: Direction): void {
	const queue: Piece[] = [];
	let queued = 0;
	let blocked = false;
	let ended = false;
	let timer: NodeJS.Timeout | undefined;

	const limit = () => {
		const { rate, delayMs } = direction;
		return rate === Number.POSITIVE_INFINITY
			? 8 * 1024 * 1024
			: Math.max(QUEUE_MIN, (rate * (QUEUE_MS + delayMs)) / 1000);
	};
	const handOver = (data: Buffer) => {
		direction.bytes += data.length;
		if (!destination.write(data)) blocked = true;
	};
	const regulate = () => {
		if (blocked || queued > limit()) source.pause();
		else if (source.isPaused() && queued <= limit() / 2) source.resume();
	};
	const drop = () => {
		clearTimeout(timer);
		timer = undefined;
		queue.length = 0;
		queued = 0;
	};
	const deliver = () => {
		timer = undefined;
		const now = performance.now();
		if (direction.swallow) drop();
		while (!blocked) {
			const piece = queue[0];
			if (!piece || piece.due > now) break;
			queue.shift();
			queued -= piece.data.length;
			handOver(piece.data);
		}
		const next = queue[0];
		if (next && !blocked) timer = setTimeout(deliver, Math.max(1, next.due - now));
		if (!next && ended && !direction.swallow) destination.end();
		regulate();
	};
	const enqueue = (data: Buffer) => {
		const pieceSize = Math.max(PIECE_MIN, Math.floor((direction.rate * PIECE_MS) / 1000));
		for (let offset = 0; offset < data.length; offset += pieceSize) {
			const piece = data.subarray(offset, offset + pieceSize);
			direction.busyUntil = Math.max(performance.now(), direction.busyUntil) + (piece.length / direction.rate) * 1000;
			// A delay that was just shortened must not let bytes overtake.
			const due = Math.max(direction.busyUntil + direction.delayMs, queue.at(-1)?.due ?? 0);
			queue.push({ data: piece, due });
		}
		queued += data.length;
	};

	source.on("data", (data: Buffer) => {
		if (direction.swallow) return;
		if (queue.length === 0 && direction.rate === Number.POSITIVE_INFINITY && direction.delayMs === 0) {
			handOver(data);
			if (blocked) source.pause();
			return;
		}
		enqueue(data);
		timer ??= blocked ? undefined : setTimeout(deliver, Math.max(0, (queue[0]?.due ?? 0) - performance.now()));
		regulate();
	});
	destination.on("drain", () => {
		blocked = false;
		if (timer === undefined) deliver();
	});
	source.on("end", () => {
		ended = true;
		if (queue.length === 0 && !direction.swallow) destination.end();
	});
	source.on("close", (hadError) => {
		if (hadError) drop();
	});
	destination.on("close", drop);
}
