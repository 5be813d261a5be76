import { parquetMetadata } from "hyparquet";
import { fileOf, type Hour, type Run, runsOf } from "./batch.js";
import type { Row } from "./message.js";
import type { Store } from "./store.js";

/** A place in the hub's stream. A sequence alone is none: a hub that went back gives it to another message. */
export interface Position {
	/** When the stream was made. */
	readonly created: string;
	readonly seq: number;
	/** The hub's time of that message, in nanoseconds. */
	readonly time: string;
}

/**
 * What a batch is about to do, written before it. Which of its messages are in the lake says each file by being there,
 * and nothing else does.
 */
interface Page {
	/** Everything up to these is in the lake; newest first. */
	readonly positions: readonly Position[];
	/** Of each device, the last sequence in the lake before this batch. */
	readonly had: Readonly<Record<string, number>>;
	readonly files: readonly Omit<Run, "rows">[];
	/** Where the lake is when all of the files are there. */
	readonly next?: Position;
}

/** So many older places are kept, to find where a hub went back to. */
const PLACES = 64;
/** Older pages are of no use to anybody. */
const KEPT = 8;

/** Somebody else writes the same stream's files. */
export class TakenOver extends Error {}

/** Says what is in the lake of one stream of the hub, and lets only one process add to it. */
export class Ledger {
	private constructor(
		private readonly store: Store,
		private readonly stream: string,
		private readonly hour: Hour,
		private number: number,
		/** Newest first. */
		public positions: readonly Position[],
		/** Of each device, the last sequence that is in the lake. */
		public had: Readonly<Record<string, number>>,
	) {}

	/** Settles what the last process left, and takes over from it. */
	static async open(store: Store, stream: string, hour: Hour): Promise<Ledger> {
		const number = newest(await store.list(folderOf(stream)));
		const page: Page = number === 0 ? { positions: [], had: {}, files: [] } : await readPage(store, stream, number);
		const had = { ...page.had };
		let whole = true;
		for (const file of page.files) {
			// Not there: closed by a file without messages, for a request of a dead process may still be on its way.
			const closed = await store.create(file.path, fileOf({ ...file, rows: [] }));
			if (closed || (await isClosed(store, file.path))) whole = false;
			else had[file.key] = file.last;
		}
		const positions = whole && page.next ? [page.next, ...page.positions].slice(0, PLACES) : page.positions;
		const ledger = new Ledger(store, stream, hour, number, positions, had);
		await ledger.turn([]);
		if (await store.create(pathOf(stream, ledger.number), new Uint8Array())) {
			throw new Error("this store does not honour If-None-Match: two processes could write the same messages");
		}
		return ledger;
	}

	/** Writes a batch, after which its messages are in the lake. @param position of its last message */
	async write(rows: readonly Row[], position: Position): Promise<void> {
		const runs = runsOf(rows, { stream: this.stream, number: this.number + 1, hour: this.hour });
		const files = runs.map(({ rows: _, ...file }) => file);
		await this.turn(files, position);
		// One device's files one after the other: the later is never there without the one before it.
		const keys = new Set(runs.map(({ key }) => key));
		await Promise.all([...keys].map((key) => this.writeInOrder(runs.filter((run) => run.key === key))));
		const last = Object.fromEntries(runs.map((run) => [run.key, run.last]));
		this.had = { ...this.had, ...last };
		this.positions = [position, ...this.positions].slice(0, PLACES);
	}

	/** @throws TakenOver if another process has taken over since */
	async check(): Promise<void> {
		if (newest(await this.store.list(folderOf(this.stream))) === this.number) return;
		throw new TakenOver(`another process writes ${this.stream}`);
	}

	private async writeInOrder(runs: readonly Run[]): Promise<void> {
		for (const run of runs) {
			if (!(await this.store.create(run.path, fileOf(run)))) throw new TakenOver(`${run.path} is there`);
		}
	}

	/** The next page: whoever made it may write, until there is a newer one. */
	private async turn(files: Page["files"], next?: Position): Promise<void> {
		this.number++;
		const page: Page = { positions: this.positions, had: this.had, files, ...(next && { next }) };
		const written = await this.store.create(pathOf(this.stream, this.number), Buffer.from(JSON.stringify(page)));
		if (!written) throw new TakenOver(`another process writes ${this.stream}`);
		await this.check();
		const old = (await this.store.list(folderOf(this.stream))).filter(
			(name) => Number.parseInt(name, 10) <= this.number - KEPT,
		);
		await Promise.all(old.map((name) => this.store.remove(`${folderOf(this.stream)}/${name}`)));
	}
}

const folderOf = (stream: string) => `_leafline/${stream}`;
const pathOf = (stream: string, number: number) => `${folderOf(stream)}/${String(number).padStart(9, "0")}.json`;
const newest = (names: readonly string[]) => Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0));

async function readPage(store: Store, stream: string, number: number): Promise<Page> {
	return JSON.parse(Buffer.from(await store.read(pathOf(stream, number))).toString()) as Page;
}

/** Whether a file only closes its name. */
async function isClosed(store: Store, path: string): Promise<boolean> {
	const { buffer, byteOffset, byteLength } = await store.read(path);
	return parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer).num_rows === 0n;
}
