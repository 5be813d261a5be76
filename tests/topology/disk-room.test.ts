import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type DiskRoom,
	FULL_BYTES,
	hasRoomAgain,
	isFull,
	RESTART_BYTES,
	RESTART_FILES,
	restartIn,
	shortage,
} from "../../topology/disk-room";

const MIB = 1024 ** 2;
const disk = (freeBytes: number, freeFiles = 100_000, files = 100_000): DiskRoom => ({
	bytes: 10_000 * MIB,
	freeBytes,
	files,
	freeFiles,
});
const anyDisk = fc.record({
	bytes: fc.nat(),
	freeBytes: fc.nat({ max: 64 * MIB }),
	files: fc.constantFrom(0, 1_000, 100_000),
	freeFiles: fc.nat({ max: 1_000 }),
});

describe("the disk under a store", () => {
	it("is full before a write fails, and has room again well above that", () => {
		expect(isFull(disk(FULL_BYTES - 1))).toBe(true);
		expect(isFull(disk(FULL_BYTES))).toBe(false);
		expect(hasRoomAgain(disk(RESTART_BYTES - 1))).toBe(false);
		expect(hasRoomAgain(disk(RESTART_BYTES))).toBe(true);
		expect(isFull(disk(RESTART_BYTES, 10))).toBe(true);
		expect(hasRoomAgain(disk(RESTART_BYTES, RESTART_FILES - 1))).toBe(false);
	});

	it("is never full where a server is started anew, and never counts inodes where there is no number of them", () => {
		fc.assert(fc.property(anyDisk, (room) => !(isFull(room) && hasRoomAgain(room))));
		fc.assert(fc.property(anyDisk, (room) => isFull({ ...room, files: 0 }) === room.freeBytes < FULL_BYTES));
	});

	it("is short when the buffer that was planned does not fit on it any more", () => {
		const use = { maxBytes: 100 * MIB, storedBytes: 60 * MIB };
		expect(shortage(disk(40 * MIB + RESTART_BYTES), use)).toEqual([]);
		expect(shortage(disk(40 * MIB + RESTART_BYTES - 1), use)).toMatchObject([{ what: "bytes" }]);
		expect(shortage(disk(1_000 * MIB, 265), use)).toEqual([{ what: "inodes", free: 265, needed: 266 }]);
		expect(shortage(disk(1_000 * MIB, 0, 0), use)).toEqual([]);
	});
});

describe("restarts of a server that cannot write", () => {
	it("come at once, then ever more rarely", () => {
		const at = 1_000_000;
		const pauses = [0, 1, 2, 3, 4, 5, 6, 100].map((tries) => restartIn({ tries, at }, at) / 60_000);
		expect(pauses).toEqual([0, 0.5, 2, 10, 60, 360, 360, 360]);
		expect(restartIn({ tries: 2, at }, at + 2 * 60_000)).toBe(0);
	});

	it("are never more than eight in a day and never wait longer than the pause, whatever the clock does", () => {
		const day = 24 * 3_600_000;
		let tries = 0;
		for (let now = 0, at = 0; now < day; now += 1_000) {
			if (restartIn({ tries, at }, now) > 0) continue;
			tries++;
			at = now;
		}
		expect(tries).toBe(8);
		fc.assert(
			fc.property(fc.nat({ max: 20 }), fc.nat(), fc.nat(), (n, then, now) => {
				const wait = restartIn({ tries: n, at: then }, now);
				return wait >= 0 && wait <= 6 * 3_600_000;
			}),
		);
	});
});
