import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { gate } from "../../device/gate";
import { reservationsFile } from "../../device/reservations";
import { DiskError } from "../../device/spec";
import { EDGE_ACCOUNT } from "../../topology/names";

// A disk that is nearly full: what the kernel says of one is tried in full.test.ts.
vi.mock("../../device/room", () => ({
	diskRoom: () => ({ bytes: 2 ** 30, freeBytes: 2 ** 20, files: 1_000, freeFiles: 20 }),
}));

const dir = mkdtempSync(join(tmpdir(), "leafline-gate-room-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("waits for room in one line before it touches a store whose last end was not clean", async () => {
	const streams = [{ name: "edge1_can", filler: "edge1.can._leafline_filler", trim: true }];
	const spec = {
		device: "edge1",
		storeDir: "store",
		gateConf: "gate.conf",
		key: "leafline.nk",
		hubSyncMs: 250,
		streams,
	};
	const store = join(dir, "store");
	mkdirSync(join(store, "jetstream", EDGE_ACCOUNT, "streams", "edge1_can", "msgs"), { recursive: true });
	const refused = gate(dir, spec, () => {});
	await expect(refused).rejects.toThrow(DiskError);
	await expect(refused).rejects.toThrow(
		`${store} is on a disk that is full, and its last end was not clean: 16MiB and 256 inodes must be free`,
	);
	expect(existsSync(reservationsFile(store))).toBe(false);
});
