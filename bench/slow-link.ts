/** A backlog of 120 MB drains over 500 kB/s: how long alarms take to the hub meanwhile. About 6 minutes. */
import { measureAlarms } from "../tests/support/alarms";
import { startRig } from "../tests/support/rig";
import { pileUp, SLOW_FLEET, SLOW_LINK } from "../tests/support/slow-link";
import { runBench, seconds, spread } from "./report";

const BACKLOG = Number(process.argv[2] ?? 120_000);
const EVERY_MS = 2_000;
const GOAL_MS = 5_000;

runBench(async () => {
	const rig = await startRig(SLOW_FLEET, SLOW_LINK);
	try {
		const { windows } = rig.topology.budgets.link.all ?? {};
		console.log(`backlog ${BACKLOG / 1000} MB, link 500 kB/s and 80 ms, windows ${JSON.stringify(windows)}`);
		await pileUp(rig, BACKLOG);
		const { link } = rig.device("edge1");
		const { upBytes } = link.state();
		link.set({ mode: "up" });
		const began = performance.now();
		await rig.arrived("hub_bulk", 1);

		// Alarms only while bulk drains: nine tenths of the time that its bytes take.
		const count = Math.floor((0.9 * BACKLOG * 1_000) / SLOW_LINK.upBytesPerSecond / (EVERY_MS / 1000));
		const latencies = await measureAlarms(rig, { device: "edge1", count, everyMs: EVERY_MS });
		const left = BACKLOG - ((await rig.lastSequence("hub_bulk")) ?? 0);
		await rig.arrived("hub_bulk", BACKLOG, 600_000);
		const took = performance.now() - began;
		const passed = link.state().upBytes - upBytes;
		console.log(
			`alarms        ${spread(latencies)}; ${left.toLocaleString("en-US")} of the backlog left after the last`,
		);
		console.log(`drained in    ${seconds(took)}, ${Math.round(passed / 1e6)} MB through the link`);
		const late = latencies.filter((latency) => latency > GOAL_MS).length;
		console.log(`goal          p99 below 5 s: ${late <= latencies.length / 100 ? "met" : "MISSED"}`);
		if (left <= 0) throw new Error("the backlog was gone before the last alarm: these figures prove nothing");
	} finally {
		await rig.close();
	}
});
