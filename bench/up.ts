/** `pulumi up` of a fleet of 3 devices and of 20, through the real engine, with real leaf nodes. About 3 minutes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, type Project } from "../tests/support/project";
import { runBench, seconds } from "./report";

const fleet = (devices: number) => `apiVersion: leafline/v1
fleet: up
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 100Mbit/s, rtt: 20ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, priority: high, accepts: alarm.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge[01-${String(devices).padStart(2, "0")}]", hardware: board }
`;

interface Timing {
	readonly whole: number;
	readonly streams: number;
	readonly unchanged: number;
}

runBench(async () => {
	const few = await measure(3);
	const many = await measure(20);
	const ratio = (part: keyof Timing) => `${(many[part] / few[part]).toFixed(2)} times`;
	console.log(
		`20 devices instead of 3: whole ${ratio("whole")}, streams ${ratio("streams")}, unchanged ${ratio("unchanged")}`,
	);
	console.log(`goal          whole below twice: ${many.whole < 2 * few.whole ? "met" : "MISSED"}`);
});

async function measure(devices: number): Promise<Timing> {
	const project = await makeProject(fleet(devices));
	try {
		const first = await up(project);
		const again = await up(project);
		const timing = { ...first, unchanged: again.whole };
		console.log(
			`${String(devices).padStart(2)} devices    up ${seconds(timing.whole)}, of it streams ${seconds(timing.streams)}; ` +
				`again without a change ${seconds(timing.unchanged)}`,
		);
		await project.pulumi("destroy", "--yes", "--skip-preview");
		return timing;
	} finally {
		await project.close();
	}
}

async function up(project: Project): Promise<{ whole: number; streams: number }> {
	const log = join(project.dir, "events.json");
	const began = performance.now();
	const args = ["up", "--yes", "--skip-preview", "--event-log", log];
	const { code, text } = await project.pulumiWith({ PULUMI_DEBUG_COMMANDS: "true" }, ...args);
	const whole = performance.now() - began;
	if (code !== 0) throw new Error(text);
	return { whole, streams: streamsPart(readFileSync(log, "utf8")) };
}

interface EngineEvent {
	readonly timestamp: number;
	readonly resourcePreEvent?: { readonly metadata: { readonly type: string } };
	readonly resOutputsEvent?: { readonly metadata: { readonly type: string } };
}

const STREAM_TYPES = /leafline:(Stream|EdgeStreams)$/;

/** Milliseconds from the first stream's begin to the last one's end; the log counts in whole seconds. */
function streamsPart(log: string): number {
	const events = log
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as EngineEvent)
		.filter((event) => STREAM_TYPES.test((event.resourcePreEvent ?? event.resOutputsEvent)?.metadata.type ?? ""));
	const times = events.map(({ timestamp }) => timestamp * 1000);
	return times.length > 0 ? Math.max(...times) - Math.min(...times) : 0;
}
