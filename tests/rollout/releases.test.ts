import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seenBy } from "../../cli/rollout/seen";
import { deviceRole } from "../../topology/permissions";
import type { Have } from "../../topology/rollout/have";
import {
	askOwn,
	askPart,
	askWant,
	haveKey,
	keySubject,
	nudgeSubject,
	ownKey,
	partKey,
	RELEASES_BUCKET,
	RELEASES_STREAM,
	ROLLOUT_BUCKET,
	ROLLOUT_STREAM,
	releasesInbox,
	tellHave,
	wantKey,
} from "../../topology/rollout/names";
import { EFFECT_MS, happens } from "../support/attacker";
import { type Bench, startBench, streamConfig } from "../support/bench";
import { eventually } from "../support/eventually";
import { openRawLeaf, type RawLeaf } from "../support/raw-leaf";
import { makeBuckets, openAs, packed, put, releasesAccess } from "./hub";

const HASH = "a".repeat(64);
const OTHER = "b".repeat(64);

/** A device asks for its release over a link of its own, in an account where there is nothing else. */
describe("devices that ask for releases", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await startBench({ rules: { role: deviceRole([]) } });
		await makeBuckets(bench);
		await put(bench, ROLLOUT_BUCKET, wantKey("edge1"), "for edge1");
		await put(bench, ROLLOUT_BUCKET, wantKey("edge2"), "for edge2");
		await put(bench, RELEASES_BUCKET, partKey(HASH, 0), packed("for all"));
		await put(bench, RELEASES_BUCKET, ownKey("edge1", OTHER, 0), packed("edge1's own"));
		await put(bench, RELEASES_BUCKET, ownKey("edge2", OTHER, 0), packed("edge2's own"));
	});
	afterAll(() => bench?.close());

	const have = (device: string): Have => {
		return { version: 1, device, time: Date.now(), release: 3, manifest: HASH, versions: { leafline: "1.0.0" } };
	};
	const stored = async (stream: string, subject: string): Promise<string | undefined> => {
		try {
			const { message } = await bench.api("hub", `STREAM.MSG.GET.${stream}`, { last_by_subj: subject });
			return Buffer.from((message as { data?: string }).data ?? "", "base64").toString();
		} catch {
			return undefined;
		}
	};
	const raw = (device: string): Promise<RawLeaf> => {
		const { ca, token, seed } = releasesAccess(bench, device);
		const credentials = `-----BEGIN NATS USER JWT-----\n${token}\n-----BEGIN USER NKEY SEED-----\n${seed}\n`;
		return openRawLeaf({ port: bench.hubs[0]?.ports.leaf ?? 0, ca, credentials, name: `raw-${device}` });
	};

	test("get their order and the parts, and say what they have", async () => {
		const releases = await openAs(bench, "edge1");
		try {
			expect((await releases.want())?.toString()).toBe("for edge1");
			expect((await releases.chunk("part", HASH, 0))?.data.toString()).toBe("for all");
			expect((await releases.chunk("own", OTHER, 0))?.data.toString()).toBe("edge1's own");
			expect(await releases.chunk("part", HASH, 1)).toBeUndefined();
			expect(await releases.chunk("own", HASH, 0)).toBeUndefined();
			await releases.tell(have("edge1"));
			expect(JSON.parse((await stored(ROLLOUT_STREAM, keySubject(ROLLOUT_BUCKET, haveKey("edge1")))) ?? "")).toEqual(
				expect.objectContaining({ device: "edge1", release: 3 }),
			);
			// Sixty questions at once are as many answers, each to its own.
			const all = await Promise.all(Array.from({ length: 60 }, (_, n) => releases.chunk("part", HASH, n % 2)));
			expect(all.map((it) => it?.data.toString())).toEqual(all.map((_, n) => (n % 2 === 0 ? "for all" : undefined)));
		} finally {
			releases.close();
		}
	});

	test("of whom nothing is wanted learn that", async () => {
		const releases = await openAs(bench, "edge9");
		expect(await releases.want()).toBeUndefined();
		releases.close();
	});

	test("hear on their ordinary link that there is an order, at once, and nothing of others'", async () => {
		const { owner } = await bench.startEdge("edge1");
		const heard: string[] = [];
		for (const device of ["edge1", "edge2"]) {
			const callback = (_error: Error | null, { subject, data }: { subject: string; data: Uint8Array }) => {
				heard.push(`${subject} ${data.length}`);
			};
			owner.subscribe(nudgeSubject(device), { callback });
		}
		await owner.flush();
		// The hub hears a little later that somebody listens.
		await eventually(
			async () => {
				await put(bench, ROLLOUT_BUCKET, wantKey("edge2"), "for edge2");
				await put(bench, ROLLOUT_BUCKET, wantKey("edge1"), "for edge1");
				return heard.includes(`${nudgeSubject("edge1")} 0`);
			},
			{ what: "the order is announced" },
		);
		expect(new Set(heard)).toEqual(new Set([`${nudgeSubject("edge1")} 0`]));
	});

	test("a refused chunk, a lie of the hub or too much of it is one line", async () => {
		await put(bench, RELEASES_BUCKET, partKey(OTHER, 0), "no gzip");
		await put(bench, RELEASES_BUCKET, partKey(OTHER, 1), packed("x".repeat(40_000)));
		const releases = await openAs(bench, "edge1");
		await expect(releases.chunk("part", OTHER, 0)).rejects.toThrow("a chunk of the hub is damaged");
		await expect(releases.chunk("part", OTHER, 1)).rejects.toThrow("a chunk of the hub is damaged");
		releases.close();
		const wrong = { ...releasesAccess(bench, "edge1"), token: bench.credentials("edge1") };
		const { openReleases } = await import("../../device/releases/releases");
		await expect(openReleases({ ...wrong, timeoutMs: 5_000 })).rejects.toThrow(/^the hub (says|closed)/);
		await expect(openReleases({ ...wrong, urls: ["tls://127.0.0.1:1"] })).rejects.toThrow(
			/^no way to the hub: .*ECONNREFUSED/,
		);
	});

	describe("with a stolen device's key", () => {
		const REFUSED: readonly (readonly [string, string, string])[] = [
			["another's order", askWant("edge2"), ""],
			["all orders", askWant("*"), ""],
			["another's parts", askOwn("edge2", OTHER, 0), ""],
			["parts of everybody", askOwn("*", OTHER, 0), ""],
			["any message by its number", `$JS.API.DIRECT.GET.${RELEASES_STREAM}`, '{"seq":3}'],
			[
				"the newest of a subject, as the hub calls it",
				`$JS.API.DIRECT.GET.${ROLLOUT_STREAM}.$KV.${ROLLOUT_BUCKET}.want.edge2`,
				"",
			],
			["a message by the other call", `$JS.API.STREAM.MSG.GET.${RELEASES_STREAM}`, '{"seq":3}'],
			["a stream's state", `$JS.API.STREAM.INFO.${RELEASES_STREAM}`, ""],
		];
		test.each(REFUSED)("nobody gets %s", async (_what, subject, body) => {
			const leaf = await raw("edge1");
			try {
				const reply = `${releasesInbox("edge1")}.x`;
				leaf.subscribe(reply);
				// The control: the same way gives what is its own.
				leaf.publish(askWant("edge1"), "", reply);
				await eventually(() => leaf.messages.some((it) => it.body.includes("for edge1")), {
					what: "its own",
				});
				leaf.publish(subject, body, reply);
				leaf.publish(subject, body, reply);
				await leaf.flush().catch(() => {});
				await new Promise((resolve) => setTimeout(resolve, EFFECT_MS));
				expect(leaf.messages.map((it) => it.body).join()).not.toMatch(/edge2|"seq"|"config"/);
				expect(leaf.messages).toHaveLength(1);
			} finally {
				leaf.close();
			}
		});

		const WRITES: readonly (readonly [string, string])[] = [
			["what another has", tellHave("edge2")],
			["what another has, as the hub calls it", keySubject(ROLLOUT_BUCKET, haveKey("edge2"))],
			["an order for itself", keySubject(ROLLOUT_BUCKET, wantKey("edge1"))],
			["a part", keySubject(RELEASES_BUCKET, partKey(HASH, 0))],
			["the rollout", keySubject(ROLLOUT_BUCKET, "rollout.current")],
		];
		test.each(WRITES)("nobody writes %s", async (_what, subject) => {
			const before = await bench.api("hub", `STREAM.INFO.${ROLLOUT_STREAM}`);
			const parts = await bench.api("hub", `STREAM.INFO.${RELEASES_STREAM}`);
			const leaf = await raw("edge1");
			leaf.publish(subject, "forged");
			await leaf.flush().catch(() => {});
			leaf.close();
			await new Promise((resolve) => setTimeout(resolve, EFFECT_MS));
			expect((await bench.api("hub", `STREAM.INFO.${ROLLOUT_STREAM}`)).state).toEqual(before.state);
			expect((await bench.api("hub", `STREAM.INFO.${RELEASES_STREAM}`)).state).toEqual(parts.state);
		});

		test("headers of a message empty no bucket", async () => {
			const leaf = await raw("edge1");
			leaf.publish(tellHave("edge1"), "{}", undefined, "NATS/1.0\r\nNats-Rollup: all\r\n\r\n");
			await leaf.flush().catch(() => {});
			leaf.close();
			await new Promise((resolve) => setTimeout(resolve, EFFECT_MS));
			expect(await stored(ROLLOUT_STREAM, keySubject(ROLLOUT_BUCKET, wantKey("edge2")))).toBe("for edge2");
		});

		test("an answer that comes to stand in place of another's report is not taken for one", async () => {
			const other = await openAs(bench, "edge2");
			await other.tell(have("edge2"));
			const seen = seenBy(bench.control.hub);
			await seen.look();
			expect(seen.have("edge2")?.release).toBe(3);
			const leaf = await raw("edge1");
			leaf.publish(askWant("edge1"), "", tellHave("edge2"));
			await leaf.flush().catch(() => {});
			leaf.close();
			await happens(async () => {
				await seen.look();
				return seen.have("edge2") === undefined;
			});
			// Nothing, or what it said; never what another one has it say.
			expect([undefined, 3]).toContain(seen.have("edge2")?.release);
			await other.tell({ ...have("edge2"), release: 4 });
			await seen.look();
			expect(seen.have("edge2")?.release).toBe(4);
			other.close();
		});

		test("an answer deletes no stream of another device: in DEVICES it does", async () => {
			const { owner } = await bench.startEdge("edge2");
			const make = () =>
				bench.api("edge2", "STREAM.CREATE.edge2_x", streamConfig("edge2_x", { subjects: ["edge2.x.>"] }));
			const there = () =>
				bench.api("edge2", "STREAM.INFO.edge2_x").then(
					() => true,
					() => false,
				);
			await make();
			const leaf = await raw("edge1");
			// Nothing lies there, so the answer is an empty message, which is all that this call takes.
			for (const ask of [askPart(OTHER, 7), askWant("edge1")]) {
				leaf.publish(ask, "", "$JS.edge2.API.STREAM.DELETE.edge2_x");
				leaf.publish(ask, "", "$JS.API.STREAM.DELETE.edge2_x");
			}
			await leaf.flush().catch(() => {});
			expect(await happens(async () => !(await there()))).toBe(false);
			leaf.close();
			expect(owner.isClosed()).toBe(false);
		});
	});
});
