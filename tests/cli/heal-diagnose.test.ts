import { describe, expect, it } from "vitest";
import { type Act, diagnose, type Seen, type SeenConsumer } from "../../cli/heal/diagnose";

const WELL: Seen = {
	stream: "edge1_can",
	lastSeq: 500,
	sourcing: "durable",
	consumer: { delivered: 500, ackFloor: 400, paused: false },
	before: 400,
	after: 400,
	proven: true,
	moves: true,
};
const consumer = (changes: Partial<SeenConsumer>) => ({ consumer: { ...(WELL.consumer as SeenConsumer), ...changes } });
const NATS = "on the device: nats --nkey leafline.nk";
const after = (seen: Partial<Seen>, done: readonly Act[] = [], nodes = 1) =>
	diagnose({ ...WELL, ...seen }, new Set(done), nodes, NATS);
const acts = (seen: Partial<Seen>, done: readonly Act[] = [], nodes = 1) => {
	const finding = after(seen, done, nodes);
	return finding.state === "act" ? finding.act : finding.state;
};

describe("what stands still", () => {
	it("is nothing where the position moves, or nothing waits", () => {
		expect(acts({})).toBe("well");
		const { moves: _, ...all } = { ...WELL, before: 500, after: 500 };
		expect(diagnose(all, new Set(), 1, NATS)).toEqual({ state: "well" });
	});

	it("is told from sure signs first, however it moves", () => {
		const { consumer: _, ...without } = WELL;
		expect(diagnose(without, new Set(), 1, NATS)).toMatchObject({ state: "act", act: "make" });
		expect(acts(consumer({ paused: true }))).toBe("resume");
		expect(acts(consumer({ delivered: 399 }))).toBe("reset");
		expect(acts(consumer({ ackFloor: 401 }))).toBe("reset");
	});

	it("is reset, then the leader steps down where there is another node, then a person looks", () => {
		const still = { moves: false };
		expect(acts(still)).toBe("reset");
		expect(acts(still, ["reset"], 3)).toBe("step-down");
		expect(acts(still, ["reset"], 1)).toBe("hand");
		expect(acts(still, ["reset", "step-down"], 3)).toBe("hand");
		expect(acts({ ...still, sourcing: "ordinary" }, [], 3)).toBe("step-down");
	});

	it("is not reset by a position that no message proves, unless it stands still", () => {
		expect(acts({ proven: false, ...consumer({ delivered: 1 }) })).toBe("well");
		expect(acts({ proven: false, ...consumer({ delivered: 1 }), moves: false })).toBe("reset");
	});

	it("is never done twice in one run", () => {
		expect(acts(consumer({ paused: true }), ["resume"])).toBe("hand");
	});

	it("is left alone where a person has to decide", () => {
		expect(after({ moves: false, next: { seq: 401, headerBytes: 65_510 } })).toMatchObject({
			state: "hand",
			remedy: `keep a copy, then ${NATS} stream rmm edge1_can 401 --force`,
		});
		expect(acts({ lastSeq: 300 })).toBe("hand");
		const { lastSeq: _, ...none } = WELL;
		expect(diagnose(none, new Set(), 1, NATS)).toMatchObject({
			state: "hand",
			why: "the stream is gone from the device",
		});
		const { sourcing: __, ...foreign } = WELL;
		expect(diagnose(foreign, new Set(), 1, NATS)).toMatchObject({ state: "hand", why: "the hub does not source it" });
	});
});
