import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Hour } from "../../examples/lake/src/batch";
import type { Position } from "../../examples/lake/src/ledger";
import type { Row } from "../../examples/lake/src/message";
import type { Store } from "../../examples/lake/src/store";
import { type LakeProgram, lakeProgram } from "../support/lake";

interface LedgerModule {
	readonly Ledger: {
		open(store: Store, stream: string, hour: Hour): Promise<Ledger>;
	};
}

interface Ledger {
	readonly positions: readonly Position[];
	readonly had: Readonly<Record<string, number>>;
	write(rows: readonly Row[], position: Position): Promise<void>;
}

let program: LakeProgram;
let ledger: LedgerModule;
beforeAll(async () => {
	program = lakeProgram();
	ledger = await program.module<LedgerModule>("ledger");
}, 300_000);
afterAll(() => program?.close());

class Died extends Error {}

/**
 * A store in memory whose process dies at its n-th change. What it had asked for by then may still come, as a request
 * does that was sent: at once, or after whatever the next process does first.
 */
class Mortal {
	readonly files = new Map<string, Uint8Array>();
	private late: (() => void)[] = [];

	/** @param lives changes until it dies @param landing where a change goes that is under way then */
	process(lives: number, landing: "never" | "at once" | "late"): Store {
		let left = lives;
		let dead = false;
		const change = <T>(what: () => T): T => {
			if (dead) throw new Died();
			if (left-- > 0) return what();
			dead = true;
			if (landing === "at once") what();
			if (landing === "late") this.late.push(what);
			throw new Died();
		};
		return {
			create: async (path, content) => change(() => this.create(path, content)),
			read: async (path) => this.files.get(path) ?? expect.fail(`${path} is not there`),
			list: async (folder) =>
				[...this.files.keys()]
					.filter((path) => path.startsWith(`${folder}/`))
					.map((path) => path.slice(folder.length + 1))
					.sort(),
			remove: async (path) => change(() => void this.files.delete(path)),
		};
	}

	private create(path: string, content: Uint8Array): boolean {
		if (this.files.has(path)) return false;
		this.files.set(path, content);
		return true;
	}

	/** What was under way arrives. */
	land(): void {
		for (const change of this.late.splice(0)) change();
	}
}

const HOUR = 3_600_000_000_000n;
/** Devices in turn, some messages of the hour before: the files of a batch are several of each device. */
const MESSAGES = 60;
const stream: Row[] = Array.from({ length: MESSAGES }, (_, index) => ({
	key: `edge${index % 3}_can id`,
	device: `edge${index % 3}`,
	deviceSeq: Math.floor(index / 3) + 1,
	hubSeq: index + 1,
	arrival: 500_000n * HOUR + BigInt(index),
	origin: index % 7 < 3 ? 499_999n * HOUR : undefined,
	subject: `edge${index % 3}.can.x`,
	id: undefined,
	headers: {},
	payload: Buffer.from(String(index)),
}));

/** As `lake.ts` does, from the place that the ledger says, without what it has. */
async function copy(store: Store, size: number): Promise<void> {
	const opened = await ledger.Ledger.open(store, "hub_can", "origin");
	let from = opened.positions[0]?.seq ?? 0;
	while (from < MESSAGES) {
		const delivered = stream.slice(from, from + size);
		const rows = delivered.filter(({ key, deviceSeq }) => deviceSeq > (opened.had[key] ?? 0));
		from += delivered.length;
		if (rows.length > 0) await opened.write(rows, { created: "then", seq: from, time: String(from) });
	}
}

const life = fc.record({
	lives: fc.nat(25),
	size: fc.integer({ min: 1, max: 40 }),
	landing: fc.constantFrom("never", "at once", "late"),
	/** Whether what is late lands before the next process begins, or in the midst of it. */
	lands: fc.boolean(),
});

it("each message is in one file, and in its device's order, wherever processes died", async () => {
	const { parquetReadObjects } = await program.library<{
		parquetReadObjects(of: { file: ArrayBuffer; columns: string[] }): Promise<{ hub_seq: bigint }[]>;
	}>("hyparquet");
	await fc.assert(
		fc.asyncProperty(fc.array(life, { maxLength: 12 }), async (lives) => {
			const world = new Mortal();
			for (const { lives: changes, size, landing, lands } of lives) {
				await copy(world.process(changes, landing), size).catch((error) => {
					if (!(error instanceof Died)) throw error;
				});
				if (lands) world.land();
			}
			await copy(world.process(Number.POSITIVE_INFINITY, "never"), 20);
			world.land();
			const found: number[] = [];
			for (const [path, content] of world.files) {
				if (!path.endsWith(".parquet")) continue;
				const { buffer, byteOffset, byteLength } = content;
				const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
				const rows = (await parquetReadObjects({ file, columns: ["hub_seq"] })).map(({ hub_seq }) => Number(hub_seq));
				expect(rows).toEqual([...rows].sort((a, b) => a - b));
				found.push(...rows);
			}
			expect(found.sort((a, b) => a - b)).toEqual(stream.map(({ hubSeq }) => hubSeq));
		}),
		{ numRuns: 60 },
	);
});
