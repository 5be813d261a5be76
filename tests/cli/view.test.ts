import { expect, test } from "vitest";
import type { Note } from "../../cli/fleet/notes/note";
import type { DeviceState, FleetState } from "../../cli/fleet/state";
import { heading, statusLines, trafficTable } from "../../cli/status/view";
import { stackFixture } from "../contract/fixture";

const HOUR = 3_600_000;

const device = (name: string, changes: Partial<DeviceState> = {}): DeviceState => ({
	device: name,
	link: { state: "up" },
	atEdge: 60_000,
	onHub: 60_000,
	backlog: 0,
	buffer: { used: 0 },
	notes: [],
	...changes,
});

const fleet = (devices: DeviceState[], hub: Partial<FleetState["hub"]> = {}): FleetState => ({
	environment: "local",
	at: 0,
	devices,
	hub: { messages: 158_112, bytes: 34_000_000, notes: [], ...hub },
});

const lines = (state: FleetState) => statusLines(state).join("\n");

test("heading", () => {
	const { leafline } = stackFixture();
	expect(heading(leafline, "2.15.2")).toBe("leafline · local · 3 devices, 1 hub, nats-server 2.15.2");
	expect(heading(leafline, "")).toBe("leafline · local · 3 devices, 1 hub");
	expect(heading({ ...leafline, hub: { ...leafline.hub, nodes: 3 } }, "")).toBe(
		"leafline · local · 3 devices, hub of 3 nodes",
	);
});

test("the demo's table is the one of the first screen", () => {
	const rows = [
		{ device: "edge1", link: { state: "up" }, published: 60_000, onHub: 60_000, buffer: { used: 0 } },
		{
			device: "edge2",
			link: { state: "cut", forMs: 21_000 },
			published: 60_000,
			onHub: 38_112,
			buffer: { used: 0.001, leftMs: 4.2 * HOUR },
		},
		{ device: "edge3", link: { state: "up" }, published: 60_000, onHub: 60_000, buffer: { used: 0 } },
	] as const;
	expect(trafficTable(rows, 60_000).join("\n")).toBe(
		`  device  link      published  on hub  backlog  buffer
  edge1   up           60,000  60,000        0  0%
  edge2   cut 0:21     60,000  38,112   21,888  0.1%, 4 h left
  edge3   up           60,000  60,000        0  0%`,
	);
});

test("the demo's table keeps still while its figures grow", () => {
	const row = { device: "edge1", link: { state: "up" }, buffer: { used: 0 } } as const;
	const [title] = trafficTable([{ ...row, published: 0, onHub: 0 }], 1_000_000);
	const [later] = trafficTable([{ ...row, published: 1_000_000, onHub: 999_000 }], 1_000_000);
	expect(title).toBe(later);
});

test("status of a fleet that is well", () => {
	expect(lines(fleet([device("edge1"), device("edge2")]))).toBe(
		`  device  link  at edge  on hub  backlog  buffer
  edge1   up     60,000  60,000        0  0%
  edge2   up     60,000  60,000        0  0%

  hub up · 158,112 messages, 34 MB
  2 of 2 devices up · 120,000 at the devices · 120,000 on hub · 0 waiting`,
	);
});

test("status names a device by its label as well", () => {
	const [title, first, second] = lines(fleet([device("gw-0042", { label: "GW_0042" }), device("gw-7")])).split("\n");
	expect([title, first, second]).toEqual([
		"  device             link  at edge  on hub  backlog  buffer",
		"  gw-0042 (GW_0042)  up     60,000  60,000        0  0%",
		"  gw-7               up     60,000  60,000        0  0%",
	]);
});

test("status says how old figures are that could not be asked for", () => {
	const away = device("edge3", {
		link: { state: "down", forMs: 190_000 },
		backlog: 12,
		staleMs: 190_000,
		buffer: { used: 0.001, leftMs: 4 * HOUR },
	});
	const cut = device("edge2", { link: { state: "cut", forMs: 21_000 }, onHub: 38_112, backlog: 21_888 });
	expect(lines(fleet([device("edge1"), cut, away]))).toBe(
		`  device  link       at edge  on hub  backlog  buffer
  edge1   up          60,000  60,000        0  0%
  edge2   cut 0:21    60,000  38,112   21,888  0%
  edge3   down 3:10   60,000  60,000      12*  0.1%, 4 h left

  * edge3 does not answer; its backlog is what was known 3:10 ago

  hub up · 158,112 messages, 34 MB
  1 of 3 devices up · 180,000 at the devices · 158,112 on hub · at least 21,900 waiting`,
	);
});

test("status of a device that nobody ever saw, one that is lost, and one in trouble", () => {
	const unseen: DeviceState = { device: "edge1", link: { state: "never seen" }, onHub: 0, notes: [] };
	const lost: DeviceState = { ...unseen, device: "edge2", retired: "lost" };
	const note = (changes: Partial<Note>): Note => ({
		code: "write-error",
		text: "no space",
		needsHand: true,
		...changes,
	});
	const trouble = device("edge3", {
		notes: [note({}), note({ code: "source-error", class: "can", text: "hub_can takes nothing from edge3_can: full" })],
	});
	const gone = note({ code: "hub-stream-missing", text: "hub_can is gone" });
	expect(lines(fleet([unseen, lost, trouble], { notes: [gone] }))).toBe(
		`  device  link               at edge  on hub  backlog  buffer
  edge1   never seen               ?       0        ?  ?
  edge2   never seen (lost)        ?       0        ?  ?
  edge3   up                  60,000  60,000        0  0%

  edge1 does not answer
  ! hub_can is gone
  ! edge3: no space
  ! hub_can takes nothing from edge3_can: full

  hub up · 158,112 messages, 34 MB
  1 of 3 devices up · 60,000 at the devices · 60,000 on hub · at least 0 waiting`,
	);
});

test("many notes of one kind do not hide the others, and a terminal's width is kept", () => {
	const many = Array.from({ length: 40 }, (_, i) =>
		device(`edge${i}`, { notes: [{ code: "pending", text: "waits for the next update: offline", needsHand: false }] }),
	);
	const bad = device("edge40", {
		notes: [
			{ code: "set-back", class: "can", text: "edge40_can: the hub is at 5 but the device at 3", needsHand: true },
		],
	});
	const shown = statusLines(fleet([...many, bad]), 40).join("\n");
	expect(shown).toContain(`  · edge3: waits for the next update:
    offline
  · edge4: waits for the next update:
    offline
    and 35 more like it: npx leafline
    status --json
  ! edge40_can: the hub is at 5 but the
    device at 3
`);
	expect(lines(fleet([...many, bad]))).toContain("  ! edge40_can: the hub is at 5 but the device at 3");
});

test("status without a hub still shows what the devices hold", () => {
	const alone: DeviceState = { device: "edge1", link: { state: "unknown" }, atEdge: 60_000, notes: [] };
	expect(lines(fleet([alone], { error: "the hub does not answer on nats://h: connection refused" }))).toBe(
		`  device  link  at edge  on hub  backlog  buffer
  edge1   ?      60,000       ?        ?  ?

  the hub does not answer on nats://h: connection refused
  60,000 at the devices`,
	);
});
