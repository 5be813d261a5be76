import { type Row, readTime } from "./message.js";
import { toParquet } from "./parquet.js";

/** A file that a batch makes: messages of one device and hour, in their order. */
export interface Run {
	readonly key: string;
	readonly path: string;
	/** First and last sequence on the device. */
	readonly first: number;
	readonly last: number;
	readonly rows: readonly Row[];
}

/** Whose clock says into which hour a message goes. */
export type Hour = "origin" | "arrival";

/** A device's clock may be wrong: before this, and later than a few minutes after its arrival, nobody believes it. */
const LATEST_AHEAD = 5n * 60n * 1_000_000_000n;
const EARLIEST = readTime("2020-01-01T00:00:00Z") ?? 0n;

/**
 * The files of a batch. Each holds an unbroken run of its device's messages: who has seen the last of a device that is
 * there knows that all before it are.
 * @param place the hub's stream and the number of the batch, which no other has
 */
export function runsOf(rows: readonly Row[], place: { stream: string; number: number; hour: Hour }): Run[] {
	const open = new Map<string, { readonly at: string; rows: Row[] }>();
	const runs: Row[][] = [];
	for (const row of rows) {
		const at = hourOf(row, place.hour);
		const run = open.get(row.key);
		if (run?.at === at) run.rows.push(row);
		else {
			const begun = { at, rows: [row] };
			open.set(row.key, begun);
			runs.push(begun.rows);
		}
	}
	return runs.map((run) => {
		const [first, last] = [run[0], run.at(-1)] as [Row, Row];
		const batch = String(place.number).padStart(9, "0");
		// Two streams of one name, before and after a wipe, differ in their identity.
		const name = `${place.stream}-${batch}-${hex(first.key)}-${first.deviceSeq}-${last.deviceSeq}.parquet`;
		const folder = `${classOf(place.stream)}/${hourOf(first, place.hour)}/device=${first.device}`;
		return { key: first.key, path: `${folder}/${name}`, first: first.deviceSeq, last: last.deviceSeq, rows: run };
	});
}

/** A run as a file. Without its rows it closes a name that must never be used. */
export function fileOf(run: Omit<Run, "path">): Uint8Array {
	const [stream = "", identity = ""] = run.key.split(" ");
	return toParquet(run.rows, { stream, identity, first: String(run.first), last: String(run.last) });
}

function hourOf({ origin, arrival }: Row, hour: Hour): string {
	const believed = origin !== undefined && origin >= EARLIEST && origin <= arrival + LATEST_AHEAD;
	const nanoseconds = hour === "origin" && believed ? origin : arrival;
	const [date = "", time = ""] = new Date(Number(nanoseconds / 1_000_000n)).toISOString().split("T");
	return `date=${date}/hour=${time.slice(0, 2)}`;
}

/** `hub_can`, and `hub_can_02` from the second shard on. */
const classOf = (stream: string) => stream.replace(/^hub_/, "").replace(/_\d+$/, "");

const hex = (key: string) =>
	Buffer.from(key.split(/[ @]/)[1] ?? "")
		.toString("hex")
		.slice(0, 16) || "0";
