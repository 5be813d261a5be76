import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sourceFacts } from "../../cli/fleet/facts";
import { CODES } from "../../cli/fleet/notes/note";
import { type EdgeFacts, type Facts, firstLost, type SourceFacts } from "../../cli/fleet/seen";
import { fleetState } from "../../cli/fleet/state";
import { wrap } from "../../cli/format";
import { remember, rememberSeen } from "../../cli/status/memory";
import type { LeaflineOutput } from "../../contract/outputs";
import { stackFixture } from "../contract/fixture";

/** What is said of which facts; `situations.test.ts` has the facts from real servers. */
const NOW = 1_800_000_000_000;
const { leafline } = stackFixture({ devices: { edge1: { clientPort: 4999, linkPort: 2 } } });

interface Case {
	readonly source?: Partial<SourceFacts> | null;
	readonly edge?: Partial<EdgeFacts> | null;
	readonly stored?: number;
	readonly facts?: Partial<Facts>;
	readonly outputs?: LeaflineOutput;
}

const stream = (lastSeq: number, changes: Partial<EdgeFacts["streams"][string]> = {}) => ({
	streams: { sensor: { messages: lastSeq, bytes: lastSeq * 200, lastSeq, ...changes } },
});

function facts({ source = {}, edge = {}, stored = 300, facts: changes }: Case): Facts {
	const seen: EdgeFacts = { at: NOW, ...stream(1000), missing: [], unreadable: {}, consumers: {}, ...edge };
	return {
		at: NOW,
		hub: {
			hub_sensor: {
				messages: 900,
				bytes: 180_000,
				owner: "leafline/local",
				refusesWhenFull: true,
				stored: { edge1: stored },
				sources: source ? { edge1: { seq: 1000, lag: 0, silentMs: 40, durable: true, ...source } } : {},
			},
		},
		edges: edge ? { edge1: seen } : {},
		connected: ["edge1"],
		cuts: {},
		...changes,
	};
}

function notes(of: Case): string[] {
	const { devices, hub } = fleetState(of.outputs ?? leafline, facts(of));
	const all = [...hub.notes, ...(devices[0]?.notes ?? [])];
	return all.map(({ code, needsHand, text }) => `${needsHand ? "!" : "·"} ${code} ${text}`);
}

test("every code has a row in docs/status.md, and no row is without one", () => {
	const rows = [...readFileSync("docs/status.md", "utf8").matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
	expect(rows.sort()).toEqual([...CODES].sort());
});

test("a device that is well", () => {
	expect(notes({})).toEqual([]);
});

const still = (forMs: number, seq = 400): Partial<Facts> => ({
	memory: { "edge1/sensor": { seq, since: NOW - forMs } },
});

test("a position that stands still is an ordinary stop at first, and then is not", () => {
	const at = { source: { seq: 400 } };
	expect(notes({ ...at, facts: still(4_000) })).toEqual([]);
	expect(notes({ ...at, facts: still(12_000) })).toEqual([
		"· stands-still edge1_sensor stands still at sequence 400 for 0:12 while 600 messages wait; the hub tries again every 10 s to 2 min after a link was down",
	]);
	expect(notes({ ...at, facts: still(90_000) })).toEqual([
		`! stands-still edge1_sensor stands still at sequence 400 for 1:30 while 600 messages wait: its source stopped without an error. npx leafline heal edge1 sets it to where the hub is`,
	]);
	// Whoever looks every few seconds knows within 30 s that it needs a hand.
	expect(notes({ ...at, facts: still(21_000) })[0]).toMatch(/^! stands-still/);
	expect(notes({ source: { seq: 999 }, facts: still(90_000, 999) })[0]).toMatch(/ while 1 message waits: /);
	const full = { consumers: { sensor: { unacknowledged: 1600, underWay: 1000, window: 1000 } } };
	expect(notes({ ...at, edge: full, facts: still(90_000) })[0]).toMatch(/: consumer hub waits for acknowledgements/);
	const sent = { consumers: { sensor: { ...full.consumers.sensor, delivered: 1000 } } };
	expect(notes({ ...at, edge: sent, facts: still(90_000) })[0]).toMatch(
		/: consumer hub has sent a whole window, which/,
	);
});

test("nobody listens to what a consumer delivers: permissions, and not before the hub has had time to ask", () => {
	const consumers = { sensor: { unacknowledged: 600, underWay: 0, window: 1000, heard: false } };
	const at = { source: { seq: 400 }, edge: { consumers } };
	expect(notes({ ...at, facts: still(12_000) })[0]).toMatch(/; the hub tries again every 10 s to 2 min/);
	expect(notes({ ...at, facts: still(90_000) })).toEqual([
		"! stands-still edge1_sensor stands still at sequence 400 for 1:30 while 600 messages wait, and nobody listens where consumer hub delivers to: do permissions keep it from the hub? npm run pulumi -- refresh --yes, then npm run up, pushes those of the devices; then npx leafline heal edge1",
	]);
});

test("a consumer that was changed by hand, and one that was not", () => {
	const consumers = (changed: object) => ({
		consumers: { sensor: { unacknowledged: 0, underWay: 0, window: 1000, heard: true, ...changed } },
	});
	expect(notes({ edge: consumers({ changed: ["deliver_subject", "filter_subject"] }) })).toEqual([
		"! consumer-changed consumer hub on edge1_sensor is not as leafline made it (deliver_subject, filter_subject): changed by hand? Messages may not reach the hub. npx leafline heal edge1 makes it as it was",
	]);
	expect(notes({ edge: consumers({}) })).toEqual([]);
	// A stream that is sourced without a consumer of its own may have one of that name.
	expect(notes({ source: { durable: false }, edge: consumers({ changed: ["filter_subject"] }) })).toEqual([]);
});

test("flow control that stalls is reported of any slow link: told where the position stands still, and nowhere else", () => {
	const slow = "Consumer stalled on flow control";
	const told = {
		name: "edge1_sensor",
		seq: 400,
		active: 40e6,
		error: { code: 500, err_code: 10_228, description: slow },
	};
	expect(sourceFacts(told, true)).toEqual({ seq: 400, lag: 0, durable: true, silentMs: 40, slow });
	const other = { ...told, error: { code: 404, err_code: 10_014, description: "consumer not found" } };
	expect(sourceFacts(other, true)).toMatchObject({ error: "consumer not found" });
	expect(notes({ source: { slow } })).toEqual([]);
	expect(notes({ source: { seq: 400, slow }, facts: still(90_000, 399) })).toEqual([]);
	expect(notes({ source: { seq: 400, slow }, facts: still(90_000) })[0]).toMatch(
		/: its source stopped without an error \(the hub says: Consumer stalled on flow control\)\. npx leafline heal edge1/,
	);
});

test("a hub that is behind what it acknowledged: what it lacks waits, and heal has it sent again", () => {
	const consumers = { sensor: { unacknowledged: 0, underWay: 0, window: 1000, ackFloor: 1000, heard: true } };
	const at = { source: { seq: 400 }, edge: { consumers, ...stream(1000, { lost: 901 }) } };
	const says =
		"hub_sensor is at sequence 400 of edge1_sensor and has acknowledged more: its store went back (power cut, snapshot, older disk), or somebody set the consumer ahead. Up to 100 messages wait on the device that it does not ask for again";
	const official = { hub: "2.15.2" };
	expect(notes({ ...at, facts: { versions: official } })).toContain(
		`! hub-behind ${says}. npx leafline heal edge1 has it source them, before the next message hides the gap`,
	);
	expect(fleetState(leafline, facts(at)).devices[0]?.backlog).toBe(100);
	// A hub with leafline's server asks by itself, when it has found the device.
	const versions = { hub: "2.15.2+leafline.1" };
	expect(notes({ ...at, facts: { versions, ...still(20_000) } })).toEqual([
		`· hub-behind ${says}; it does when it finds the device again, for up to 2 min (so far 0:20)`,
	]);
	expect(notes({ ...at, facts: { versions, ...still(200_000) } })[0]).toMatch(/^! hub-behind/);
	// One that has them meanwhile, and one that was looked at and lacks nothing.
	for (const edge of [{ consumers, ...stream(1000, { lost: 300 }) }, { consumers }])
		expect(notes({ source: { seq: 400 }, edge, facts: still(90_000) })).toEqual([]);
});

test("what lies between a hub's place and what was acknowledged may be without messages", () => {
	expect(firstLost(1000, { seq: 901 })).toBe(901);
	expect(firstLost(1000, { seq: 1001 })).toBeUndefined();
	expect(firstLost(1000, undefined)).toBeUndefined();
});

test("a position that moves, a link that is down, and nothing that waits are no standing still", () => {
	expect(notes({ source: { seq: 400 }, facts: still(90_000, 399) })).toEqual([]);
	expect(notes({ source: { seq: 400 }, facts: { ...still(90_000), connected: [] } })).toEqual([]);
	expect(notes({ source: { seq: 1000 }, facts: still(90_000, 1000) })).toEqual([]);
});

test("memory: since when a position stands, and that a store went back, which nobody sees any more later", () => {
	const first = remember(leafline, facts({ source: { seq: 400 } }), {});
	expect(first).toEqual({ "edge1/sensor": { seq: 400, since: NOW, waits: true } });
	const later = { at: NOW + 9_000 };
	expect(remember(leafline, facts({ source: { seq: 400 }, facts: later }), first)).toEqual(first);
	expect(remember(leafline, facts({ source: { seq: 401 }, facts: later }), first)["edge1/sensor"]?.since).toBe(
		later.at,
	);

	// A device that had nothing to send, or was away, stands still from when it has and is back.
	const [idle, away] = [facts({ source: { seq: 1000 } }), facts({ source: { seq: 1000 }, facts: { connected: [] } })];
	for (const earlier of [idle, away]) {
		const known = remember(leafline, earlier, {});
		const next = facts({ source: { seq: 1000 }, edge: stream(1001), facts: later });
		expect(remember(leafline, next, known)["edge1/sensor"]?.since).toBe(later.at);
	}

	const back = facts({ source: { seq: 1200, lastArrival: NOW }, edge: stream(1000, { created: NOW - 9_999 }) });
	const remembered = remember(leafline, back, {});
	expect(remembered["edge1/sensor"]?.setBack).toEqual({ from: 1200, to: 1000, at: NOW });
	const past = facts({ source: { seq: 1300 }, edge: stream(1300), facts: later });
	const memory = remember(leafline, past, remembered);
	expect(notes({ source: { seq: 1300 }, edge: stream(1300), facts: { ...later, memory } })).toEqual([
		"· was-set-back edge1_sensor was seen 0:09 ago to have gone back from 1,200 to 1,000: of what was published next, up to 200 messages are on the device but not on the hub",
	]);
	// One that was made anew did not go back, and a hub that is silent says nothing of either.
	const anew = facts({ source: { seq: 1200, lastArrival: NOW }, edge: stream(0, { created: NOW + 1 }) });
	expect(remember(leafline, anew, {})["edge1/sensor"]?.setBack).toBeUndefined();
	expect(remember(leafline, { ...back, hubError: "gone" }, first)).toBe(first);
	// Not even when some of it arrives while one looks, which makes the newest message younger than the stream.
	const made = remember(leafline, anew, {});
	const race = facts({ source: { seq: 1200, lastArrival: NOW + 5 }, edge: stream(5, { created: NOW + 1 }) });
	const still = remember(leafline, race, made);
	expect(still["edge1/sensor"]).toMatchObject({ anew: true });
	expect(still["edge1/sensor"]?.setBack).toBeUndefined();
	const over = facts({ source: { seq: 5 }, edge: stream(5, { created: NOW + 1 }) });
	expect(remember(leafline, over, still)["edge1/sensor"]?.anew).toBeUndefined();
});

test("a cut is told until somebody has seen it, or for a week", () => {
	const at = Date.parse("2027-01-15T07:50:00Z");
	const cut = { at, after: at - 120_000 };
	const edge = stream(1000, { cut });
	const told =
		"· power-cut its server ended without notice between 2027-01-15 07:48 UTC and 2027-01-15 07:50 UTC, by its own clock. A power cut took at most 500 messages of sensor (its last 250ms) at the planned rate, plus what came during one sync of its disk, of what the hub had not got; a server that was only killed has lost nothing. npx leafline status --seen puts this away";
	expect(notes({ edge })).toEqual([told]);
	expect(notes({ edge: stream(1000, { cut: { at } }) })[0]).toMatch(/without notice before 2027-01-15 07:50 UTC/);
	const look = facts({ edge });
	const shown = remember(leafline, look, {});
	expect(notes({ edge, facts: { memory: shown } }), "a look alone puts nothing away").toEqual([told]);
	const memory = rememberSeen(shown, look);
	expect(notes({ edge, facts: { memory } })).toEqual([]);
	expect(notes({ edge, facts: { memory: remember(leafline, look, memory) } }), "and stays away").toEqual([]);
	const next = stream(1000, { cut: { at: at + 60_000 } });
	expect(notes({ edge: next, facts: { memory } }), "but not the next one").toHaveLength(1);
	expect(notes({ edge, facts: { at: at + 8 * 86_400_000 } })).toEqual([]);
	// A clock that is years ahead would have it told for years.
	expect(notes({ edge: stream(1000, { cut: { at: NOW + 9e10 } }) })).toEqual([]);
});

test("below the hub: made anew, or gone back in time", () => {
	const at = (created: number) => ({ source: { seq: 1200, lastArrival: NOW - 50 }, edge: stream(1000, { created }) });
	expect(notes(at(NOW))[0]).toMatch(
		/^· made-anew edge1_sensor: the hub is at 1,200 but the device at 1,000: it was made/,
	);
	expect(notes(at(NOW - 100))[0]).toMatch(
		/^! set-back edge1_sensor: the hub is at 1,200 but the device at 1,000: its store .*, delete leafline\/reserved\.json in/,
	);
	// Further than a start without the file goes.
	expect(notes({ ...at(NOW - 100), source: { seq: 900_000, lastArrival: NOW - 50 } })[0]).toMatch(
		/, in leafline\/reserved\.json of its store set the sequence of edge1_sensor to 900000 and take "sealed" away, start/,
	);
	expect(notes({ source: { seq: 1200 }, edge: stream(0) })[0]).toMatch(/^· made-anew/);
	expect(notes({ stored: 1001 })[0]).toMatch(/^· more-on-hub the hub has 1,001 messages of edge1_sensor/);
});

test("an update that waits for a device: by itself while that is away, by hand when it is back", () => {
	const outputs = { ...leafline, pending: { edge1: "offline\u001b[2J" } };
	expect(notes({ outputs })).toEqual(["! pending waits for the next update: offline [2J; it answers now: npm run up"]);
	expect(notes({ outputs, edge: null, facts: { connected: [] } })[0]).toBe(
		"· pending waits for the next update: offline [2J",
	);
});

test("a device that is away: why, as far as this machine can see", () => {
	const { local: _, ...remote } = leafline;
	const away = { edge: null, source: { silentMs: 90_000 }, facts: { connected: [] } };
	expect(notes(away)).toEqual([]);
	expect(
		notes({ ...away, facts: { connected: [], causes: { edge1: { text: "its nats-server does not run" } } } }),
	).toEqual(["! not-connected its nats-server does not run"]);
	const shut = {
		code: "port-shut",
		text: "its client port is shut while its streams are made safe",
		mends: true,
	} as const;
	expect(notes({ ...away, facts: { connected: [], causes: { edge1: shut } } })).toEqual([`· port-shut ${shut.text}`]);
	expect(notes({ ...away, outputs: remote })[0]).toMatch(
		/^· not-connected not connected for 1:30; the hub cannot tell why/,
	);
	expect(notes({ edge: null, source: null, facts: { connected: [] } })[0]).toMatch(/^· never-connected/);
	const silent = (why: string) => notes({ edge: null, facts: { silence: { edge1: why } } })[0];
	expect(silent("its JetStream does not run")).toMatch(
		/^! jetstream-down its link is up but its JetStream does not run/,
	);
	expect(silent("no answer within 2 s")).toMatch(
		/^· no-answer its link is up but it does not answer \(no answer within 2 s\)/,
	);
});

test("an error that the hub reports of a source", () => {
	expect(notes({ source: { error: "consumer not found" } })[0]).toMatch(
		/^! source-error hub_sensor takes nothing from edge1_sensor: consumer not found\./,
	);
});

test("a class that refuses and is full of what the hub has", () => {
	const full = { edge: stream(1000, { bytes: 800_000_000 }) };
	expect(notes(full)).toEqual([
		"! no-room edge1_sensor is 80% full of messages that the hub has; npx leafline trim makes room",
	]);
	expect(notes({ ...full, source: { seq: 0 } })).toEqual([]);
	const dropping = Object.entries(leafline.classes).map(([name, it]) => [name, { ...it, whenFull: "drop-oldest" }]);
	expect(notes({ ...full, outputs: { ...leafline, classes: Object.fromEntries(dropping) } })).toEqual([]);
});

test("the hub: full, unhealthy, without a node, another's", () => {
	const hub = (changes: object) => ({
		facts: { hub: { hub_sensor: { ...facts({}).hub.hub_sensor, ...changes } } } as Partial<Facts>,
	});
	expect(notes(hub({ bytes: 9_999_900_000 }))[0]).toMatch(/^! hub-stream-full hub_sensor is full \(10 GB of 10 GB\)/);
	expect(notes(hub({ owner: "leafline/dev" }))[0]).toMatch(/^! hub-stream-foreign hub_sensor belongs to leafline\/dev/);
	const nodes = [
		{ name: "hub_1" },
		{ name: "hub_2", down: "does not run: npm run up starts it" },
		{ name: "hub_3", error: "x" },
	];
	const three = { ...leafline, hub: { ...leafline.hub, nodes: 3 } };
	expect(notes({ facts: { nodes }, outputs: three })).toEqual([
		"! hub-node-down hub_2 does not run: npm run up starts it",
		expect.stringMatching(/^! hub-unhealthy hub_3 is not healthy: x/),
	]);
});

test("the hub: a server without leafline's change is named, and is nobody's mistake", () => {
	const told = (versions: Record<string, string>) => notes({ facts: { versions } });
	expect(told({ hub: "2.15.2+leafline.4" })).toEqual([]);
	expect(told({ hub_1: "2.15.2", hub_2: "2.15.2+leafline.4", hub_3: "2.15.2" })).toEqual([
		expect.stringMatching(
			/^. hub-server-official hub_1, hub_3: the official nats-server 2\.15\.2, without leafline's change/,
		),
	]);
});

test("lines are broken at spaces only, and what is too long stays whole", () => {
	expect(wrap("  ! one two three", 12)).toEqual(["  ! one two", "    three"]);
	expect(wrap("  ! averyverylongword", 10)).toEqual(["  !", "    averyverylongword"]);
	expect(wrap("  ! one")).toEqual(["  ! one"]);
});
