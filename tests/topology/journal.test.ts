import { expect, test } from "vitest";
import { entryOf, JOURNAL_BYTES, journalStream, MOST_OF_A_KIND, SYSTEM_EVENTS } from "../../topology/journal";
import { isClassName, JOURNAL } from "../../topology/names";
import { makeSettings } from "./fixtures";

const journal = journalStream(makeSettings({ hub: { nodes: 3 } }));

test("the journal has a copy on every node, and nobody deletes anything in it", () => {
	expect(journal).toMatchObject({
		name: JOURNAL,
		num_replicas: 3,
		discard: "old",
		deny_delete: true,
		deny_purge: true,
	});
	expect(journalStream(makeSettings()).num_replicas).toBe(1);
});

test("no class can take its name, nor a device's messages its subjects", () => {
	expect(isClassName(JOURNAL.replace(/^hub_/, ""))).toBe(false);
	expect(JOURNAL.startsWith("hub_")).toBe(false);
	for (const subject of journal.subjects ?? []) expect(subject).toMatch(/^(\$JS|journal)\./);
});

test("what one stranger can fill is a part of it", () => {
	// The event of a refused login holds what it presented: at most a control line, of 4 KiB, and what the server adds.
	expect(MOST_OF_A_KIND * 8 * 1024).toBeLessThan(JOURNAL_BYTES / 3);
});

test("it holds no call that reads, nor its own events twice", () => {
	const subjects = journal.subjects ?? [];
	expect(subjects.filter((subject) => /INFO|LIST|NAMES|MSG\.(GET|NEXT)|DIRECT|RESET|\.API$|>$/.test(subject))).toEqual([
		"$JS.API.CONSUMER.CREATE.>",
	]);
	expect(new Set(subjects).size).toBe(subjects.length);
	for (const { as } of SYSTEM_EVENTS) expect(as.split(".")).toHaveLength(3);
});

test("each of its subjects says what it is about", () => {
	const request = (call: string, stream: string, consumer?: string) => {
		return { kind: "request", call, stream, ...(consumer && { consumer }) };
	};
	const cases = {
		"$JS.API.STREAM.PURGE.hub_can": request("STREAM.PURGE", "hub_can"),
		"$JS.API.STREAM.MSG.DELETE.hub_can": request("STREAM.MSG.DELETE", "hub_can"),
		"$JS.API.STREAM.DELETE.hub_can": request("STREAM.DELETE", "hub_can"),
		"$JS.API.CONSUMER.CREATE.hub_can": request("CONSUMER.CREATE", "hub_can"),
		"$JS.API.CONSUMER.CREATE.hub_can.lake": request("CONSUMER.CREATE", "hub_can", "lake"),
		"$JS.API.CONSUMER.CREATE.hub_can.lake.edge1.can.>": request("CONSUMER.CREATE", "hub_can", "lake"),
		"$JS.API.CONSUMER.DURABLE.CREATE.hub_can.lake": request("CONSUMER.CREATE", "hub_can", "lake"),
		"$JS.API.CONSUMER.PAUSE.hub_can.lake": request("CONSUMER.PAUSE", "hub_can", "lake"),
		"$JS.EVENT.ADVISORY.STREAM.DELETED.hub_can": { kind: "deleted", stream: "hub_can" },
		"$JS.EVENT.ADVISORY.STREAM.CREATED.hub_can": { kind: "created", stream: "hub_can" },
		"journal.connect.ADEV": { kind: "connect", account: "ADEV" },
		"journal.disconnect.$G": { kind: "disconnect", account: "$G" },
		"journal.refused": { kind: "refused" },
		"$JS.API.STREAM.INFO.hub_can": undefined,
		"$JS.API.STREAM.PURGE": undefined,
		"$JS.EVENT.ADVISORY.STREAM.UPDATED.hub_can": undefined,
		"$JS.EVENT.ADVISORY.STREAM.DELETED.a.b": undefined,
		"journal.connect": undefined,
		"journal.other.x": undefined,
		"hub_can.x": undefined,
		"": undefined,
	};
	for (const [subject, entry] of Object.entries(cases))
		expect({ subject, entry: entryOf(subject) }).toEqual({ subject, entry });
});
