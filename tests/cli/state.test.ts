import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020";
import { expect, test } from "vitest";
import type { EdgeFacts, Facts, SourceFacts } from "../../cli/fleet/seen";
import { fleetState } from "../../cli/fleet/state";
import { statusJson } from "../../cli/status/status";
import type { LeaflineOutput } from "../../contract/outputs";
import { stackFixture } from "../contract/fixture";

// Whatever the state, what is printed of it complies.
const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync("docs/schema/status.json", "utf8")));
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const { leafline } = stackFixture({ devices: { edge1: { clientPort: 1, linkPort: 2 } } });

const edge = (lastSeq: number, changes: Partial<EdgeFacts["streams"][string]> = {}): EdgeFacts => ({
	at: NOW,
	streams: { sensor: { messages: lastSeq, bytes: lastSeq * 200, lastSeq, ...changes } },
	missing: [],
	unreadable: {},
	consumers: {},
});

const facts = (source: Partial<SourceFacts>, changes: Partial<Facts> = {}): Facts => ({
	at: NOW,
	hub: {
		hub_sensor: {
			messages: 900,
			bytes: 180_000,
			owner: "leafline/local",
			stored: { edge1: 900 },
			sources: { edge1: { seq: 1000, lag: 0, silentMs: 40, ...source } },
		},
	},
	edges: { edge1: edge(1000) },
	connected: ["edge1"],
	cuts: {},
	...changes,
});

function only(given: Facts, before?: Facts["edges"], outputs: LeaflineOutput = leafline) {
	const state = fleetState(outputs, given, before);
	expect(validate(JSON.parse(JSON.stringify(statusJson(state)))), JSON.stringify(validate.errors)).toBe(true);
	const [device] = state.devices;
	if (!device) throw new Error("no device");
	return device;
}

test("a device that is well", () => {
	expect(only(facts({}))).toEqual({
		device: "edge1",
		link: { state: "up" },
		atEdge: 1000,
		onHub: 900,
		backlog: 0,
		buffer: { used: 0 },
		notes: [],
	});
});

test("a device's label is passed on", () => {
	const { edge1 } = leafline.devices;
	if (!edge1) throw new Error("no device");
	const labelled = { ...leafline, devices: { edge1: { ...edge1, label: "GW_0042" } } };
	expect(only(facts({}), {}, labelled)).toMatchObject({ device: "edge1", label: "GW_0042" });
});

test("the backlog is what the device has beyond what the hub copied, never the hub's lag", () => {
	expect(only(facts({ seq: 400, lag: 0 })).backlog).toBe(600);
	expect(only(facts({ seq: 1000, lag: 7 })).backlog).toBe(0);
});

test("messages that left the device long ago do not count as missing", () => {
	const trimmed = { edge1: edge(1000, { messages: 100 }) };
	expect(only(facts({ seq: 950 }, { edges: trimmed })).backlog).toBe(50);
});

test("a cut link is said to be cut, though the hub has not noticed yet", () => {
	expect(only(facts({}, { cuts: { edge1: NOW - 21_000 } })).link).toEqual({ state: "cut", forMs: 21_000 });
});

test("a device without a leaf connection is down since the hub last heard it", () => {
	expect(only(facts({ silentMs: 5000 }, { connected: [] })).link).toEqual({ state: "down", forMs: 5000 });
});

test("where the hub does not tell who is connected, silence does: 30 s", () => {
	const { connected: _, ...silent } = facts({ silentMs: 29_000 });
	expect(only(silent).link).toEqual({ state: "up" });
	const { connected: __, ...gone } = facts({ silentMs: 31_000 });
	expect(only(gone).link).toEqual({ state: "down", forMs: 31_000 });
});

test("a device that the hub never heard", () => {
	const never: Facts = facts({}, { connected: [], edges: {} });
	const source = { seq: 0, lag: 0 };
	const stream = { messages: 0, bytes: 0, stored: {}, sources: { edge1: source } };
	expect(only({ ...never, hub: { hub_sensor: stream } })).toMatchObject({ link: { state: "never seen" }, backlog: 0 });
});

test("a device that does not answer keeps its last known figures, with their age", () => {
	const gone = facts({ seq: 400, silentMs: 90_000 }, { connected: [], edges: {} });
	expect(only(gone, { edge1: { ...edge(1000), at: NOW - 80_000 } })).toMatchObject({
		link: { state: "down", forMs: 90_000 },
		atEdge: 1000,
		backlog: 600,
		staleMs: 80_000,
	});
});

test("without any answer ever, the hub's last word stands, as old as it is", () => {
	const gone = only(facts({ seq: 400, lag: 33, silentMs: 90_000 }, { connected: [], edges: {} }));
	expect(gone).toMatchObject({ backlog: 33, staleMs: 90_000 });
	expect(gone).not.toHaveProperty("atEdge");
	expect(gone).not.toHaveProperty("buffer");
});

test("without the hub nothing is said about it", () => {
	const blind: Facts = { at: NOW, hub: {}, hubError: "refused", edges: { edge1: edge(1000) }, cuts: {} };
	const device = only(blind);
	expect(device).toMatchObject({ link: { state: "unknown" }, atEdge: 1000 });
	expect(device).not.toHaveProperty("onHub");
	expect(device).not.toHaveProperty("backlog");
	expect(fleetState(leafline, blind).hub).toEqual({ messages: 0, bytes: 0, notes: [], error: "refused" });
});

test("the buffer counts what the hub has not got, and time left while it takes nothing", () => {
	const full = { edge1: edge(1000, { bytes: 1_000_000_000 }) };
	expect(only(facts({ seq: 750 }, { edges: full })).buffer).toEqual({ used: 0.25 });
	expect(only(facts({ seq: 750 }, { edges: full, cuts: { edge1: NOW } })).buffer).toEqual({
		used: 0.25,
		leftMs: 3 * HOUR,
	});
});

test("devices stand in the order of their numbers", () => {
	const many = stackFixture({
		devices: Object.fromEntries(["e10", "e2", "e1"].map((name) => [name, { clientPort: 1, linkPort: 2 }])),
	});
	expect(fleetState(many.leafline, facts({})).devices.map(({ device }) => device)).toEqual(["e1", "e2", "e10"]);
});
