/**
 * Twenty devices fetch a release at once, each over a link of 500 kB/s both ways, while all of them publish alarms and frames: how
 * long alarms take to the hub, before and meanwhile. `[devices] [MB of the release]`; about 2 minutes.
 */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { openReleases } from "../device/releases/releases";
import { Pulled } from "../device/rollout/places";
import { pullRelease } from "../device/rollout/pull";
import type { Manifest } from "../render/bundle/manifest";
import { makeBuckets, put, releasesAccess } from "../tests/rollout/hub";
import { measureAlarms } from "../tests/support/alarms";
import { type Rig, startRig } from "../tests/support/rig";
import { CHUNK_BYTES, partKey, RELEASES_BUCKET } from "../topology/rollout/names";
import { rolloutBytesPerSecond } from "../topology/rollout/rate";
import { runBench, seconds, spread } from "./report";

const DEVICES = Number(process.argv[2] ?? 20);
const BYTES = Number(process.argv[3] ?? 2) * 1e6;
const LINK = { upBytesPerSecond: 500_000, downBytesPerSecond: 500_000, rttMs: 80 };
const EVERY_MS = 1_000;
const GOAL_MS = 1_000;

const names = Array.from({ length: DEVICES }, (_, i) => `edge${i + 1}`);
const FLEET = `apiVersion: leafline/v1
fleet: rollout
hardware:
  board: { arch: amd64, buffer: 64MiB, sync: 250ms }
link: { up: 4Mbit/s, rtt: 80ms, outage: 10s }
classes:
  can: { rate: 50/s, size: 128B, accepts: vehicle.>, whenFull: refuse, priority: normal, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 128B, accepts: alarm.>, whenFull: refuse, priority: high, hub: { keep: 1h } }
groups:
  all: { devices: [${names.join(", ")}], hardware: board }
`;

runBench(async () => {
	const rig = await startRig(FLEET, LINK);
	const folder = fs.mkdtempSync(rig.bench.path("pulled-"));
	try {
		await makeBuckets(rig.bench);
		const file = randomBytes(BYTES);
		const sha256 = createHash("sha256").update(file).digest("hex");
		for (let n = 0; n * CHUNK_BYTES < file.length; n++) {
			const chunk = gzipSync(file.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES));
			await put(rig.bench, RELEASES_BUCKET, partKey(sha256, n), chunk);
		}
		const manifest = { files: { "bin/nats-server": { sha256, bytes: file.length } } } as unknown as Manifest;
		const rate = rolloutBytesPerSecond(4_000_000);
		const lasts = BYTES / rate;
		console.log(`${DEVICES} devices, ${BYTES / 1e6} MB each at ${rate / 1e3} kB/s, links 500 kB/s and 80 ms`);

		const before = await alarms(rig, 15);
		console.log(`before        ${spread(before)}`);
		const began = performance.now();
		const pulls = names.map((name) => pull(rig, name, `${folder}/${name}`, manifest, rate));
		const meanwhile = await alarms(rig, Math.floor(0.9 * lasts));
		const stillAt = performance.now() - began;
		const took = await Promise.all(pulls);
		console.log(`meanwhile     ${spread(meanwhile)}`);
		console.log(`fetched in    ${seconds(Math.min(...took))} to ${seconds(Math.max(...took))}`);
		const late = meanwhile.filter((latency) => latency > GOAL_MS).length;
		console.log(`goal          p99 below 1 s: ${late <= meanwhile.length / 100 ? "met" : "MISSED"}`);
		if (Math.max(...took) < stillAt)
			throw new Error("all was fetched before the last alarm: these figures prove nothing");
	} finally {
		await rig.close();
	}
});

async function alarms(rig: Rig, count: number): Promise<number[]> {
	const all = await Promise.all(names.map((device) => measureAlarms(rig, { device, count, everyMs: EVERY_MS })));
	return all.flat();
}

/** As `leafline-device rollout` does it, through the device's own link. @returns how long it took, in ms */
async function pull(rig: Rig, device: string, folder: string, manifest: Manifest, rate: number): Promise<number> {
	const urls = rig.device(device).link.ports.map((port) => `tls://127.0.0.1:${port}`);
	const hub = await openReleases({ ...releasesAccess(rig.bench, device), urls });
	const pulled = new Pulled(folder);
	fs.mkdirSync(pulled.folder, { recursive: true });
	const began = performance.now();
	try {
		await pullRelease(manifest, { hub, pulled, current: folder, bytesPerSecond: rate, progress: () => {} });
		return performance.now() - began;
	} finally {
		hub.close();
	}
}
