import { connect as dial } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Journal } from "../../cli/fleet/journal/read";
import { stream } from "../../components/streams/provider/index";
import type { LeaflineOutput } from "../../contract/outputs";
import { MARK, markOf } from "../../jetstream/mark";
import { type Entry, entryOf, JOURNAL_BYTES, journalStream, MOST_OF_A_KIND } from "../../topology/journal";
import { JOURNAL } from "../../topology/names";
import { type Bench, startBench, streamConfig } from "../support/bench";
import { benchTopology } from "../support/bench-fleet";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

interface Kept {
	readonly entry: Entry | undefined;
	readonly headers: string;
	readonly data: string;
}

/** What the journal keeps, as the provider makes it on real servers. */
describe.each([1, 3] as const)("the journal of a hub of %i nodes", (nodes) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await startBench({ nodes });
		await make(journalStream(benchTopology(nodes).settings));
		// The other nodes hear a moment later that somebody listens to their advisories.
		for (let i = 0; i < nodes; i++) {
			await bench.api("hub", `STREAM.CREATE.probe${i}`, streamConfig(`probe${i}`, { subjects: [`probe${i}.>`] }));
			const heard = async () => (await kept()).some(({ entry }) => entry?.kind === "deleted");
			await bench.api("hub", `STREAM.DELETE.probe${i}`);
			await eventually(heard, { what: "an advisory", within: 2_000 }).catch(() => {});
		}
	});
	afterAll(() => bench?.close());

	const make = ({ ...config }: ReturnType<typeof streamConfig>) => {
		const common = { connection: bench.connection, resourceUrn: "", owner: "leafline/test" };
		return stream.create({ ...common, config, adopt: false, allowDataLoss: true, sources: {}, consumers: {} });
	};
	const state = async () =>
		(await bench.api("hub", `STREAM.INFO.${JOURNAL}`)).state as { bytes: number; last_seq: number };
	const kept = async (from = 1) => {
		const { last_seq } = await state();
		const all: Kept[] = [];
		for (let seq = from; seq <= last_seq; seq++) {
			const { message } = (await bench.api("hub", `STREAM.MSG.GET.${JOURNAL}`, { seq })) as {
				message: { subject: string; hdrs?: string; data?: string };
			};
			const text = (base64 = "") => Buffer.from(base64, "base64").toString();
			all.push({ entry: entryOf(message.subject), headers: text(message.hdrs), data: text(message.data) });
		}
		return all;
	};
	/** What comes after what is there now, once all of it is there. */
	const keeps = async (act: () => Promise<unknown>, entries: readonly Partial<Entry & { stream: string }>[]) => {
		const { last_seq } = await state();
		await act();
		let seen: Kept[] = [];
		const there = async () => {
			seen = await kept(last_seq + 1);
			return entries.every((wanted) =>
				seen.some(({ entry }) => entry && Object.entries(wanted).every(([k, v]) => (entry as never)[k] === v)),
			);
		};
		await eventually(there, { what: JSON.stringify(entries) }).catch((error) => {
			throw new Error(`${error.message}: ${JSON.stringify(seen.map(({ entry }) => entry))}`);
		});
		return seen;
	};
	const request = (call: string, name: string) => ({ kind: "request", call, stream: name }) as const;

	test("every request that changes something, each once, and none that reads", async () => {
		const seen = await keeps(async () => {
			await bench.api("hub", "STREAM.CREATE.beside", streamConfig("beside", { subjects: ["beside.>"] }));
			await bench.api("hub", "STREAM.INFO.beside");
			await bench.api("hub", "STREAM.PURGE.beside");
			await bench.api("hub", "CONSUMER.DURABLE.CREATE.beside.lake", {
				stream_name: "beside",
				config: { durable_name: "lake", ack_policy: "explicit" },
			});
			await bench.api("hub", "CONSUMER.LIST.beside");
			await bench.api("hub", "CONSUMER.DELETE.beside.lake");
			await bench.api("hub", "STREAM.DELETE.beside");
		}, [request("STREAM.DELETE", "beside"), { kind: "deleted", stream: "beside" }]);
		const beside = seen.flatMap(({ entry }) =>
			entry && "stream" in entry && entry.stream === "beside" ? [entry] : [],
		);
		expect(beside.map((entry) => (entry.kind === "request" ? entry.call : entry.kind)).sort()).toEqual(
			[
				"STREAM.CREATE",
				"created",
				"STREAM.PURGE",
				"CONSUMER.CREATE",
				"CONSUMER.DELETE",
				"STREAM.DELETE",
				"deleted",
			].sort(),
		);
		for (const { headers } of seen) expect(headers).not.toContain(MARK);
	});

	test("the stack's own requests bear its mark", async () => {
		const config = streamConfig("marked", { subjects: ["marked.>"] });
		const [{ headers, data } = { headers: "", data: "" }] = (
			await keeps(() => make(config), [request("STREAM.CREATE", "marked")])
		).filter(({ entry }) => entry?.kind === "request");
		expect(headers).toContain(`${MARK}: ${markOf(bench.connection.adminCreds, "STREAM.CREATE.marked", data)}`);
	});

	test("nobody empties it, and nobody takes a message out", async () => {
		const { last_seq } = await state();
		await expect(bench.api("hub", `STREAM.PURGE.${JOURNAL}`)).rejects.toThrow(/not permitted/);
		await expect(bench.api("hub", `STREAM.MSG.DELETE.${JOURNAL}`, { seq: 1 })).rejects.toThrow(/not permitted/);
		expect((await state()).last_seq).toBeGreaterThan(last_seq);
		await expect(make({ ...journalStream(benchTopology(nodes).settings), max_age: 1 })).rejects.toThrow(/exists/);
	});

	test("links come and go, and what is refused says from where, as whom and why", async () => {
		const leaf = async (credentials: string) =>
			openRawLeaf({ port: bench.hubs.at(-1)?.ports.leaf ?? 0, ca: bench.ca, credentials, name: "edge1" });
		const seen = await keeps(async () => {
			const open = await leaf(bench.credentials("edge1"));
			open.close();
			// The one's user with the other's seed.
			const [, seed = ""] = /USER NKEY SEED-----\n(\S+)/.exec(bench.credentials("edge2")) ?? [];
			await expect(
				leaf(bench.credentials("edge1").replace(/(USER NKEY SEED-----\n)\S+/, `$1${seed}`)),
			).rejects.toThrow();
		}, [{ kind: "connect" }, { kind: "disconnect" }, { kind: "refused" }]);
		const [refused] = seen.filter(({ entry }) => entry?.kind === "refused");
		expect(JSON.parse(refused?.data ?? "")).toMatchObject({
			reason: "Authentication Failure",
			client: { host: "127.0.0.1", name: "edge1", kind: "Leafnode" },
		});
	});

	test("is read back as it is, to its end, and then only what is new", async () => {
		const outputs = { hub: { domain: "hub", journal: JOURNAL } } as LeaflineOutput;
		const journal = new Journal(outputs, bench.connection.adminCreds);
		const read = async () => {
			const { entries = [], ...rest } = (await journal.read(bench.control.hub)) ?? {};
			expect(rest).toEqual({});
			return entries;
		};
		const before = await read();
		expect(before.map(({ what }) => what)).toEqual((await kept()).map(({ entry }) => entry));
		const about = (call: string, name: string) =>
			before.filter(({ what }) => what.kind === "request" && what.call === call && what.stream === name);
		expect(about("STREAM.CREATE", "marked")).toMatchObject([{ own: true }]);
		expect(about("STREAM.CREATE", "beside").map(({ own }) => own)).toEqual([undefined]);
		expect(before.filter(({ what }) => what.kind === "refused")).toMatchObject([
			{ client: { user: "edge1", name: "edge1", host: "127.0.0.1" }, reason: "Authentication Failure" },
		]);
		await keeps(() => bench.api("hub", "STREAM.PURGE.marked"), [request("STREAM.PURGE", "marked")]);
		expect((await read()).slice(before.length)).toMatchObject([{ what: request("STREAM.PURGE", "marked") }]);
		expect(await read()).toEqual(await read());
	});

	test("survives a restart of all nodes", async () => {
		const before = await kept();
		await Promise.all(bench.hubs.map((hub) => hub.kill()));
		await Promise.all(bench.hubs.map((hub) => hub.start()));
		await eventually(async () => (await kept(before.length)).length > 0, {
			what: "the journal is back",
			within: 60_000,
		});
		expect((await kept()).slice(0, before.length)).toEqual(before);
	});

	test("ten thousand refused logins leave everything else in it", { timeout: 120_000 }, async () => {
		const purges = async () =>
			(await kept()).filter(({ entry }) => entry?.kind === "request" && entry.call === "STREAM.PURGE");
		const before = await purges();
		expect(before).not.toEqual([]);
		const port = bench.hubs[0]?.ports.client ?? 0;
		await Promise.all(
			Array.from({ length: 100 }, async () => {
				for (let i = 0; i < 100; i++) await knock(port);
			}),
		);
		const counted = async () => {
			const { state } = await bench.api("hub", `STREAM.INFO.${JOURNAL}`, { subjects_filter: "journal.refused" });
			return (state as { subjects?: Record<string, number> }).subjects?.["journal.refused"] ?? 0;
		};
		await eventually(async () => (await counted()) === MOST_OF_A_KIND, { what: "the last thousand", within: 60_000 });
		expect((await state()).bytes).toBeLessThan(JOURNAL_BYTES / 3);
		expect(
			await bench.api("hub", `STREAM.INFO.${JOURNAL}`, { subjects_filter: "$JS.API.STREAM.PURGE.*" }),
		).toMatchObject({
			state: { subjects: { "$JS.API.STREAM.PURGE.beside": 1 } },
		});
	});
});

/** Somebody without credentials, until the server has closed the connection. */
function knock(port: number): Promise<void> {
	return new Promise((resolve) => {
		const socket = dial({ port, host: "127.0.0.1" });
		socket.once("data", () => socket.write('CONNECT {"user":"root","pass":"toor","verbose":false}\r\n'));
		socket.on("data", () => {});
		socket.on("error", () => {});
		socket.once("close", () => resolve());
	});
}
