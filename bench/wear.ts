/**
 * What a device writes to its disk, by `sync` and by rate: bytes that its block device was told to write, and how often
 * it was told to put its cache onto the medium. Some 12 minutes; needs root.
 *
 *     npm run bench -- wear [ext4|xfs] [short]
 */

import { type Publisher, startPublisher } from "../cli/demo/publisher";
import { startSolo } from "../tests/device/solo";
import { planFleet } from "../tests/support/rig";
import { makeServers } from "../tests/support/servers";
import { type FileSystem, mountOwnDisk, movedToOwnMounts } from "./own-disk";
import { runBench } from "./report";

const SYNCS = ["10ms", "100ms", "250ms", "1s", "1m", "always"] as const;
const RATES = [0, 1, 100, 2_000, 20_000] as const;
const CLASSES = [1, 3] as const;

/** Three syncs of a minute fit into it; of anything shorter many in the other. */
const LONG_S = 180;
const WINDOW_S = 20;
/** Streams are made, and the first syncs are over. */
const SETTLE_S = 3;
/** So many messages a second may be under way at once, or the machine measures itself. */
const MOST_AT_ONCE = 8_000;
const SIZE = 128;

interface Case {
	readonly sync: string;
	/** Of all classes together. */
	readonly rate: number;
	readonly classes: number;
}

interface Result extends Case {
	readonly seconds: number;
	readonly messages: number;
	readonly bytes: number;
	readonly flushes: number;
}

const ALL: Case[] = RATES.flatMap((rate) =>
	SYNCS.flatMap((sync) => CLASSES.map((classes) => ({ sync, rate, classes }))),
).filter(({ sync, rate, classes }) => !(sync === "1m" && rate === 20_000 && classes === 3));
const SHORT = ALL.filter(({ sync, classes }) => classes === 1 && sync !== "1m");

/** Cases that disturb nobody run side by side, each on a disk of its own. */
function batches(cases: readonly Case[]): Case[][] {
	const result: Case[][] = [];
	for (const long of [true, false]) {
		let batch: Case[] = [];
		for (const each of cases.filter(({ sync }) => (sync === "1m") === long)) {
			const rates = [...batch, each].reduce((sum, { rate }) => sum + rate, 0);
			if (batch.length > 0 && (rates > MOST_AT_ONCE || batch.length >= 12)) {
				result.push(batch);
				batch = [];
			}
			batch.push(each);
		}
		if (batch.length > 0) result.push(batch);
	}
	return result;
}

async function measure({ sync, rate, classes }: Case, kind: FileSystem): Promise<Result> {
	const servers = makeServers();
	const disk = mountOwnDisk(servers.path("edge1-limited"), kind, "2GiB");
	const publishers: Publisher[] = [];
	const topology = planFleet(fleet(sync, classes));
	const solo = await startSolo(servers, topology, "edge1", { limited: true });
	try {
		await solo.makeStreams();
		const seconds = sync === "1m" ? LONG_S : WINDOW_S;
		if (rate > 0) {
			for (let n = 1; n <= classes; n++) {
				publishers.push(
					await startPublisher({
						port: solo.port,
						subject: `c${n}.sensor`,
						payload: (counter) => Buffer.from(String(counter).padEnd(SIZE, ".")),
						messages: Math.ceil((rate / classes) * (seconds + 60)),
						rate: rate / classes,
					}),
				);
			}
		}
		await wait(SETTLE_S);
		const read = () => ({
			at: performance.now(),
			messages: publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
			...disk.counters(),
		});
		const before = read();
		await Promise.race([wait(seconds), ...publishers.map(({ done }) => done)]);
		const after = read();
		return {
			sync,
			rate,
			classes,
			seconds: (after.at - before.at) / 1000,
			messages: after.messages - before.messages,
			bytes: after.bytes - before.bytes,
			flushes: after.flushes - before.flushes,
		};
	} finally {
		await Promise.all(publishers.map((publisher) => publisher.stop()));
		await solo.close();
		await solo.server.kill();
		disk.close();
		await servers.close();
	}
}

function line({ sync, classes, rate, seconds, messages, bytes, flushes }: Result): string {
	const cells: [string, number][] = [
		[String(classes), 7],
		[rate.toLocaleString("en-US"), 10],
		[(messages / seconds).toFixed(messages / seconds < 10 ? 1 : 0), 11],
		[(bytes / seconds / 1e3).toFixed(1), 16],
		[messages > 0 ? (bytes / messages).toFixed(0) : "–", 16],
		[(flushes / seconds).toFixed(1), 12],
		[flushes > 0 ? (bytes / flushes / 1e3).toFixed(1) : "–", 11],
	];
	return [sync.padEnd(9), ...cells.map(([text, width]) => text.padStart(width))].join("");
}

/** What is planned is the least: the room that is left over is shared out. */
function fleet(sync: string, classes: number): string {
	const names = Array.from({ length: classes }, (_, n) => `c${n + 1}`);
	return `apiVersion: leafline/v1
fleet: wear
hardware:
  board: { arch: amd64, buffer: 1536MiB, sync: ${sync} }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
${names.map((name) => `  ${name}: { rate: 10/s, size: ${SIZE}B, accepts: ${name}.>, whenFull: refuse }`).join("\n")}
groups:
  all: { devices: [edge1], hardware: board }
`;
}

const wait = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

if (!movedToOwnMounts()) {
	runBench(async () => {
		const args = process.argv.slice(2);
		const kind: FileSystem = args.includes("xfs") ? "xfs" : "ext4";
		const cases = args.includes("short") ? SHORT : ALL;
		console.log(`${kind}, noatime, ${SIZE} B a message, windows of ${WINDOW_S} s (${LONG_S} s for 1m)`);
		console.log("sync     classes   asked/s   stored/s    KB/s written   bytes/message   flushes/s   KB/flush");
		for (const batch of batches(cases)) {
			const results = await Promise.all(batch.map((each) => measure(each, kind)));
			for (const result of results) console.log(line(result));
		}
	});
}
