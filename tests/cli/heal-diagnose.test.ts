import { describe, expect, it } from "vitest";
import { type Act, diagnose, type Seen, type SeenConsumer } from "../../cli/heal/diagnose";

const WELL: Seen = {
	stream: "edge1_can",
	lastSeq: 500,
	sourcing: "durable",
	consumer: { delivered: 500, ackFloor: 400, paused: false, heard: true },
	before: 400,
	after: 400,
	proven: true,
	moves: true,
};
const consumer = (changes: Partial<SeenConsumer>) => ({ consumer: { ...(WELL.consumer as SeenConsumer), ...changes } });
const AT = { device: "edge1", nodes: 1 };
/** A message with more headers than the hub takes. */
const POISON = { moves: false, next: { seq: 401, headerBytes: 65_510, room: 64_490 } };
const found = (seen: Partial<Seen>, done: readonly Act[] = [], nodes = 1) =>
	diagnose({ ...WELL, ...seen }, new Set(done), { device: "edge1", nodes });
const acts = (seen: Partial<Seen>, done: readonly Act[] = [], nodes = 1) => {
	const finding = found(seen, done, nodes);
	return finding.state === "act" ? finding.act : finding.state;
};

describe("what stands still", () => {
	it("is nothing where the position moves, or nothing waits", () => {
		expect(acts({})).toBe("well");
		const { moves: _, ...all } = { ...WELL, before: 500, after: 500 };
		expect(diagnose(all, new Set(), AT)).toEqual({ state: "well" });
	});

	it("is told from sure signs first, however it moves", () => {
		const { consumer: _, ...without } = WELL;
		expect(diagnose(without, new Set(), AT)).toMatchObject({ state: "act", act: "make" });
		expect(acts(consumer({ paused: true }))).toBe("resume");
		const changed = consumer({ changed: ["filter_subject"], delivered: 399 });
		expect(found(changed)).toEqual({
			state: "act",
			act: "make",
			why: "its consumer was changed (filter_subject)",
		});
		expect(acts(changed, ["make"])).toBe("hand");
		expect(acts(consumer({ delivered: 399 }))).toBe("reset");
		expect(acts({ ...consumer({ ackFloor: 450 }), lost: 420 })).toBe("source-anew");
		const next = (seq: number) => ({ moves: false, next: { seq, headerBytes: 0, room: 64_490 } });
		expect(found({ ...next(401), lost: 401, ...consumer({ ackFloor: 401 }) })).toMatchObject({
			why: expect.stringMatching(/goes on behind 401/),
		});
		expect(found({ ...next(402), ...consumer({ ackFloor: 401 }) })).toMatchObject({
			why: expect.stringMatching(/stands still at 400/),
		});
	});

	it("is reset, then the leader steps down where there is another node, then a person looks", () => {
		const still = { moves: false };
		expect(acts(still)).toBe("reset");
		expect(acts(still, ["reset"], 3)).toBe("step-down");
		expect(acts(still, ["reset"], 1)).toBe("hand");
		expect(acts(still, ["reset", "step-down"], 3)).toBe("hand");
		expect(acts({ ...still, sourcing: "ordinary" }, [], 3)).toBe("step-down");
	});

	it("may be one that nobody listens to, which no reset helps", () => {
		const unheard = { moves: false, ...consumer({ heard: false }) };
		expect(acts(unheard)).toBe("reset");
		expect(found(unheard, ["reset"])).toMatchObject({
			state: "hand",
			why: expect.stringMatching(/, and nobody listens where consumer hub delivers to: do permissions/),
			remedy: expect.stringMatching(/refresh --yes, then npm run up, .*; then npx leafline heal edge1$/),
		});
		expect(found({ moves: false }, ["reset"])).toMatchObject({ why: expect.not.stringContaining("listens") });
	});

	it("is not reset by a position that no message proves, unless it stands still", () => {
		expect(acts({ proven: false, ...consumer({ delivered: 1 }) })).toBe("well");
		expect(acts({ proven: false, ...consumer({ delivered: 1 }), moves: false })).toBe("reset");
	});

	it("is not what a power cut left without messages between the two", () => {
		expect(acts(consumer({ ackFloor: 450 }))).toBe("well");
		expect(acts({ ...consumer({ ackFloor: 450 }), lost: 420, proven: false })).toBe("well");
	});

	it("is never done twice in one run", () => {
		expect(acts(consumer({ paused: true }), ["resume"])).toBe("hand");
	});

	it("is taken away when somebody says so, and nothing milder helped", () => {
		const told = (done: readonly Act[], seen: Partial<Seen> = POISON) =>
			diagnose({ ...WELL, ...seen }, new Set(done), { ...AT, drop: true });
		expect(told([])).toMatchObject({ act: "reset" });
		expect(told(["reset"])).toMatchObject({ act: "drop", why: expect.stringMatching(/^message 401 has 65,510 bytes/) });
		expect(told([], { ...POISON, sourcing: "ordinary" })).toMatchObject({ act: "drop" });
		// It goes to the hub, or it is none.
		expect(told(["reset"], { ...POISON, moves: true })).toEqual({ state: "well" });
		const small = { ...POISON.next, headerBytes: POISON.next.room };
		expect(told(["reset"], { moves: false, next: small })).toMatchObject({ state: "hand" });
	});

	it("is left alone where a person has to decide", () => {
		expect(found(POISON)).toMatchObject({
			state: "hand",
			remedy: "npx leafline heal edge1 --drop-poison <folder> saves it there and takes it away",
		});
		expect(acts({ lastSeq: 300 })).toBe("hand");
		const { lastSeq: _, ...none } = WELL;
		expect(diagnose(none, new Set(), AT)).toMatchObject({
			state: "hand",
			why: "the stream is gone from the device",
		});
		const { sourcing: __, ...foreign } = WELL;
		expect(diagnose(foreign, new Set(), AT)).toMatchObject({ state: "hand", why: "the hub does not source it" });
	});
});
