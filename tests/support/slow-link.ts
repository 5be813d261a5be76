import { randomFillSync } from "node:crypto";
import type { Rig } from "./rig";

/** A device on a link of 500 kB/s, which is stated as it is, so that the windows follow from it. */
export const SLOW_FLEET = `apiVersion: leafline/v1
fleet: slow
hardware:
  board: { arch: amd64, buffer: 1GiB }
link: { up: 4Mbit/s, rtt: 80ms, outage: 30m }
classes:
  bulk: { rate: 100/s, size: 1000B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, priority: high, accepts: alarm.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

export const SLOW_LINK = { upBytesPerSecond: 500_000, downBytesPerSecond: 500_000, rttMs: 80 };

/** Lets a backlog of so many messages of 1,000 bytes pile up while the link is cut. Compression does not shrink them. */
export async function pileUp(rig: Rig, messages: number): Promise<void> {
	rig.device("edge1").link.set({ mode: "cut" });
	const payload = () => randomFillSync(new Uint8Array(1_000));
	const publisher = await rig.publish("edge1", { run: "bulk", messages, subject: "vehicle.sensor", payload });
	await publisher.done;
	await publisher.stop();
}
