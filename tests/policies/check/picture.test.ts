import { describe, expect, test } from "vitest";
import { toDot } from "../../../cli/picture/dot";
import { toMermaid } from "../../../cli/picture/mermaid";
import { pictureOf } from "../../../cli/picture/picture";
import { type Snapshot, snapshotOf, snapshotOfOutputs } from "../../../cli/picture/snapshot";
import { buildOutputs } from "../../../contract/build";
import { CA } from "../../contract/fixture";
import { compliantTopology } from "../fixture";

function fleet(devices: readonly string[], streams = ["hub_can"]): Snapshot {
	const part = { class: "can", sources: devices, feeds: [], readers: ["lake"] };
	return { groups: { north: { devices } }, hub: Object.fromEntries(streams.map((name) => [name, part])) };
}
const trucks = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `truck-${from + i}`);

const drawTopology = (...of: Parameters<typeof pictureOf>) => toMermaid(pictureOf(...of));

describe("the picture", () => {
	test("a planned topology: devices, streams in both directions, readers, nothing marked", () => {
		const text = drawTopology(snapshotOf(compliantTopology()));
		for (const label of ['["edge1"]', '[("hub_can")]', '>"lake"]', '|"commands"|']) expect(text).toContain(label);
		expect(text).not.toContain(":::");
		expect(text).not.toContain("linkStyle");
	});

	test("500 devices are one node, and what comes and goes stands beside it", () => {
		const text = drawTopology(fleet(trucks(2, 501)), fleet(trucks(1, 500)));
		expect(text).toContain('["north · 500 devices"]\n');
		expect(text).toContain('["+ truck-501"]:::added');
		expect(text).toContain('["− truck-1"]:::removed');
		expect(text.split("\n").length).toBeLessThan(20);
	});

	test("shards are one node, and a class that comes is added with its edges", () => {
		const before = fleet(trucks(1, 3));
		const alarm = { class: "alarm", sources: trucks(1, 3), feeds: [], readers: [] };
		const after = { ...before, hub: { ...before.hub, hub_alarm: alarm, hub_alarm_02: alarm } };
		const text = drawTopology(after, before);
		expect(text).toContain('[("hub_alarm · 2 streams")]:::added');
		expect(text.match(/linkStyle \d+ stroke:#1a7f37/g)).toHaveLength(3);
	});

	test.each([
		["a device", "truck-1", '["truck-1"]:::broken'],
		["its stream", "truck-1_can", '["truck-1"]:::broken'],
		["a stream of the hub", "hub_can", '[("hub_can")]:::broken'],
		["a group", "north", '["truck-3"]:::broken'],
	])("%s that breaks a rule is bold", (_, name, expected) => {
		const text = drawTopology(fleet(trucks(1, 3)), undefined, new Set([name, "unrelated"]));
		expect(text).toContain(expected);
	});

	test("a source from elsewhere is drawn, and no name can end its quotes", () => {
		const hub = { hub_can: { class: "can", sources: ['other/x"]; click n0'], feeds: [], readers: [] } };
		const text = drawTopology({ groups: {}, hub });
		expect(text).toContain("{{");
		expect(text).not.toContain('x"]');
		expect(text).not.toContain("click n0");
	});
});

test("a stack that is up is drawn as its plan was, from its outputs", () => {
	const topology = compliantTopology();
	const outputs = buildOutputs(topology, { ca: CA, versionFloor: "2.15.0", pending: {} });
	expect(pictureOf(snapshotOfOutputs(outputs))).toEqual(pictureOf(snapshotOf(topology)));
	expect(pictureOf(snapshotOfOutputs(outputs)).arrows.length).toBeGreaterThan(3);
});

describe("in Graphviz's language", () => {
	test("devices, streams, readers and what goes between them", () => {
		expect(toDot(pictureOf(fleet(["truck-1"])))).toBe(`digraph leafline {
  rankdir=LR;
  node [fontname="sans-serif"];
  n0 [label="truck-1", shape=box];
  n1 [label="hub_can", shape=cylinder];
  n2 [label="lake", shape=cds];
  n0 -> n1 [label="can"];
  n1 -> n2;
}`);
	});

	test("no name ends its string or is taken for an escape", () => {
		const text = toDot(pictureOf(fleet(['a"];\\N'])));
		expect(text).toContain(String.raw`label="a\"];\\N", shape`);
	});

	test("every arrow is between nodes that are there, also of a device that no group has", () => {
		const down = { class: "commands", sources: [], feeds: ["stranger"], readers: [] };
		const text = toDot(pictureOf({ groups: {}, hub: { hub_commands: down } }));
		expect(text).toContain('label="stranger", shape=hexagon');
		expect(text).not.toContain("undefined");
	});
});
