import { describe, expect, test } from "vitest";
import { atStake, loweredLimits, rejectedByServer } from "../../components/streams/provider/rules";
import { DAY, hubConfig } from "./fixtures";

describe("the server rejects", () => {
	const reasons = (from: object, to: object) => rejectedByServer(hubConfig(from), hubConfig(to));

	test.each([
		["another name", {}, { name: "hub_other" }],
		["another storage", {}, { storage: "memory" }],
		["work queue retention", {}, { retention: "workqueue" }],
		["leaving work queue retention", { retention: "workqueue" }, {}],
		["unsealing", { sealed: true }, {}],
		["allowing deletes again", { deny_delete: true }, {}],
		["another persist mode", {}, { persist_mode: "async" }],
	])("%s", (_, from, to) => expect(reasons(from, to)).toHaveLength(1));

	test.each([
		["limits", { max_bytes: 1, max_age: 0 }],
		["discard", { discard: "new" }],
		["replicas", { num_replicas: 3 }],
		["subjects", { subjects: ["a"] }],
		["interest retention", { retention: "interest" }],
		["sealing", { sealed: true }],
	])("no change of %s", (_, to) => expect(reasons({}, to)).toEqual([]));
});

describe("messages are at stake", () => {
	const now = Date.parse("2026-01-10T00:00:00Z");
	const state = { messages: 10, bytes: 1_000, first_ts: "2026-01-08T00:00:00Z" };
	const fields = (from: object, to: object, held = state) =>
		atStake(loweredLimits(hubConfig(from), hubConfig(to)), held, now).map(({ field }) => field);

	test("when the oldest is older than the new age", () => {
		expect(fields({ max_age: 7 * DAY }, { max_age: DAY })).toEqual(["max_age"]);
		expect(fields({ max_age: 7 * DAY }, { max_age: 3 * DAY })).toEqual([]);
		expect(fields({ max_age: 0 }, { max_age: DAY })).toEqual(["max_age"]);
		expect(fields({ max_age: DAY }, { max_age: 0 })).toEqual([]);
	});

	test("when they are more, or more bytes, than the new limits", () => {
		expect(fields({}, { max_bytes: 999 })).toEqual(["max_bytes"]);
		expect(fields({}, { max_bytes: 1_000 })).toEqual([]);
		expect(fields({}, { max_msgs: 9 })).toEqual(["max_msgs"]);
		expect(fields({}, { max_msgs: 10 })).toEqual([]);
	});

	test("not by size where a full stream refuses, but by age", () => {
		expect(fields({ discard: "new" }, { discard: "new", max_bytes: 1, max_msgs: 1 })).toEqual([]);
		expect(fields({ discard: "new" }, { discard: "new", max_age: DAY })).toEqual(["max_age"]);
	});

	test("when only those that somebody waits for are kept", () => {
		expect(fields({}, { retention: "interest" })).toEqual(["retention"]);
	});

	test("never in an empty stream", () => {
		expect(fields({}, { max_bytes: 1, max_age: 1, retention: "interest" }, { ...state, messages: 0 })).toEqual([]);
	});
});
