/** `pulumi up` of a fleet of 3 devices and of 20, through the real engine, with real leaf nodes. About 4 minutes. */
import { existsSync, readFileSync, rmSync } from "node:fs";
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
	const few = await best(3);
	const many = await best(20);
	const ratio = (part: keyof Timing) => `${(many[part] / few[part]).toFixed(2)} times`;
	console.log(
		`20 devices instead of 3: whole ${ratio("whole")}, streams ${ratio("streams")}, unchanged ${ratio("unchanged")}`,
	);
	console.log(`goal          whole below twice: ${many.whole < 2 * few.whole ? "met" : "MISSED"}`);
});

/** The faster of two runs, each on a new stack: what else the machine does only adds. */
async function best(devices: number): Promise<Timing> {
	const [a, b] = [await measure(devices), await measure(devices)];
	return a.whole < b.whole ? a : b;
}

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
	rmSync(log, { force: true });
	const clock = followStreams(log);
	const began = performance.now();
	const args = ["up", "--yes", "--skip-preview", "--event-log", log];
	const { code, text } = await project.pulumiWith({ PULUMI_DEBUG_COMMANDS: "true" }, ...args);
	const whole = performance.now() - began;
	const streams = clock.stop();
	if (code !== 0) throw new Error(text);
	return { whole, streams };
}

const STREAM_EVENT =
	/"(resourcePreEvent|resOutputsEvent)".*"type":"pulumi-nodejs:dynamic\/leafline:(Stream|EdgeStreams)"/;
const LOOK_MS = 20;

/** Times the engine's log of events while it is written, for the events' own times are whole seconds. */
function followStreams(log: string): { stop(): number } {
	let read = 0;
	let first: number | undefined;
	let last = 0;
	const look = () => {
		const text = existsSync(log) ? readFileSync(log, "utf8") : "";
		const end = text.lastIndexOf("\n") + 1;
		const fresh = text.slice(read, end);
		read = end;
		if (!fresh.split("\n").some((line) => STREAM_EVENT.test(line))) return;
		last = performance.now();
		first ??= last;
	};
	const timer = setInterval(look, LOOK_MS);
	return {
		/** Milliseconds from the first stream's begin to the last one's end. */
		stop() {
			clearInterval(timer);
			look();
			return first === undefined ? 0 : last - first;
		},
	};
}
