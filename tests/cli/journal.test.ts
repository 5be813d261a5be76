import { headers as newHeaders } from "nats";
import { describe, expect, test } from "vitest";
import { readEntry } from "../../cli/fleet/journal/entry";
import type { Facts } from "../../cli/fleet/seen";
import { fleetState } from "../../cli/fleet/state";
import { remember, rememberSeen } from "../../cli/status/memory";
import { statusLines } from "../../cli/status/view";
import { adminCreds } from "../../components/identity/credentials";
import { createKeys } from "../../components/identity/keys";
import { MARK, markOf } from "../../jetstream/mark";
import { BLOCK } from "../../topology/reserve";
import { stackFixture } from "../contract/fixture";

/** What is said of which entries of the journal; `traces.test.ts` has them from real servers. */
const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const creds = adminCreds(createKeys(), { direct: true });
const fixture = stackFixture({ devices: { edge1: { clientPort: 4999, linkPort: 2 } } }).leafline;
const outputs = {
	...fixture,
	hub: { ...fixture.hub, journal: "leafline_journal" },
	streams: Object.fromEntries(
		Object.entries(fixture.streams).map(([name, it]) => [name, { ...it, consumers: ["lake"] }]),
	),
};

interface Told {
	readonly subject: string;
	readonly ago?: number;
	readonly data?: unknown;
	readonly headers?: Record<string, string>;
}

let seq = 0;
function entry({ subject, ago = HOUR, data = "", headers = {} }: Told) {
	const hdrs = newHeaders();
	for (const [key, value] of Object.entries(headers)) hdrs.set(key, value);
	const text = typeof data === "string" ? data : JSON.stringify(data);
	const found = readEntry({ seq: ++seq, at: NOW - ago, subject, headers: hdrs, data: Buffer.from(text) }, creds);
	return found ? [found] : [];
}

const jwt = (name: string) => `x.${Buffer.from(JSON.stringify({ name })).toString("base64url")}.x`;
let connection = 0;
/** As the server tells of a connection. */
const link = (name: string, user = name, changes: object = {}) => ({
	server: { name: "hub" },
	client: { host: "10.0.0.5", id: ++connection, user: "UKEY", name, jwt: jwt(user), name_tag: "DEVICES", ...changes },
});

function facts(told: readonly Told[], changes: Partial<Facts> = {}): Facts {
	return {
		at: NOW,
		hub: {
			hub_sensor: {
				messages: 7,
				bytes: 900,
				owner: "leafline/local",
				stored: {},
				sources: { edge1: { seq: 10, lag: 0, silentMs: 40 } },
			},
		},
		edges: {
			edge1: {
				at: NOW,
				streams: { sensor: { messages: 10, bytes: 1, firstSeq: 1, lastSeq: 10 } },
				missing: [],
				unreadable: {},
				consumers: {},
			},
		},
		connected: ["edge1"],
		cuts: {},
		journal: { entries: told.flatMap(entry) },
		...changes,
	};
}

const hubNotes = (told: readonly Told[], changes: Partial<Facts> = {}) =>
	fleetState(outputs, facts(told, changes)).hub.notes.map(
		({ code, needsHand, text }) => `${needsHand ? "!" : "·"} ${code} ${text}`,
	);

describe("requests", () => {
	test("of the stack's own are no news, and those of others are", () => {
		const subject = "$JS.API.STREAM.UPDATE.hub_sensor";
		const mark = markOf(creds, "STREAM.UPDATE.hub_sensor", "{}");
		expect(hubNotes([{ subject, data: "{}", headers: { [MARK]: mark } }])).toEqual([]);
		// A mark of another request, and one that was made up.
		for (const headers of [{ [MARK]: markOf(creds, "STREAM.UPDATE.hub_other", "{}") }, { [MARK]: "x" }, {}])
			expect(hubNotes([{ subject, data: "{}", headers }])).toEqual([
				"! changed-by-hand hub_sensor: somebody asked to change it at 2026-06-01 11:00 UTC, not by this stack. npm run pulumi -- refresh --yes, then npm run up, puts it right; review what it says first",
			]);
	});

	test("a purge says who may have asked, and what is left", () => {
		const subject = "$JS.API.STREAM.PURGE.hub_sensor";
		expect(hubNotes([{ subject }])).toEqual([
			"! purged hub_sensor: somebody asked to delete messages of it at 2026-06-01 11:00 UTC, not by this stack. It holds 7 messages now; what is gone comes back from no device by itself: docs/status.md#purged",
		]);
		const admin = link("leafline", "admin", { name_tag: "HUB", host: "10.0.0.7", name: "me" });
		expect(hubNotes([{ subject: "journal.connect.AHUB", ago: 2 * HOUR, data: admin }, { subject }])[0]).toContain(
			"(connected as administrator then: me from 10.0.0.7), not by this stack",
		);
		expect(
			hubNotes([
				{ subject: "journal.connect.AHUB", ago: 3 * HOUR, data: admin },
				{ subject: "journal.disconnect.AHUB", ago: 2 * HOUR, data: admin },
				{ subject },
			])[0],
		).not.toContain("administrator");
	});

	test("many of a kind are one line, and yesterday's need no hand any more", () => {
		const subject = "$JS.API.STREAM.MSG.DELETE.hub_sensor";
		const [line, ...more] = hubNotes([1, 2, 3].map((hours) => ({ subject, ago: (24 + hours) * HOUR })).reverse());
		expect(line).toMatch(
			/^· purged hub_sensor: somebody asked to delete messages of it 3 times, last at 2026-05-31 11:00 UTC/,
		);
		expect(more).toEqual([]);
	});

	test("what is not the stack's is nobody's business here, and a reader's consumer is", () => {
		expect(
			hubNotes([
				{ subject: "$JS.API.STREAM.DELETE.beside" },
				{ subject: "$JS.API.CONSUMER.CREATE.hub_sensor.rAnDoM" },
				{ subject: "$JS.API.CONSUMER.CREATE.hub_sensor" },
			]),
		).toEqual([]);
		expect(hubNotes([{ subject: "$JS.API.CONSUMER.DELETE.hub_sensor.lake" }])[0]).toMatch(
			/^! deleted-by-hand consumer lake on hub_sensor: somebody asked to delete it .* makes anew what is missing$/,
		);
		expect(hubNotes([{ subject: "$JS.API.CONSUMER.PAUSE.hub_sensor.lake" }])[0]).toMatch(
			/^! changed-by-hand consumer lake/,
		);
		expect(hubNotes([{ subject: "$JS.API.STREAM.PURGE.leafline_journal" }])[0]).toMatch(/^! purged leafline_journal/);
	});

	test("a stream that was deleted is so for whoever asked, and also when nobody was heard", () => {
		const deleted = { subject: "$JS.EVENT.ADVISORY.STREAM.DELETED.hub_sensor" };
		const request = { subject: "$JS.API.STREAM.DELETE.hub_sensor" };
		expect(hubNotes([request, deleted])).toHaveLength(1);
		expect(hubNotes([request, deleted])[0]).toMatch(
			/somebody asked to delete it .* It is there again, without what it held/,
		);
		expect(hubNotes([deleted])[0]).toMatch(
			/^! deleted-by-hand hub_sensor was deleted at .*, and nobody was heard asking/,
		);
		const mark = markOf(creds, "STREAM.DELETE.hub_sensor", "");
		expect(hubNotes([{ ...request, headers: { [MARK]: mark } }, deleted])).toEqual([]);
	});
});

describe("what somebody has seen", () => {
	const purge = (ago: number): Told => ({ subject: "$JS.API.STREAM.PURGE.hub_sensor", ago });
	const look = (told: readonly Told[]) => facts(told);
	const notes = (seen: Facts) => fleetState(outputs, seen).hub.notes.map(({ code }) => code);

	test("is put away, and what comes after it is told", () => {
		const refused = { subject: "journal.refused", data: { ...link("edge1"), reason: "Authentication Failure" } };
		const admin = link("leafline", "admin", { name_tag: "HUB", host: "10.0.0.7", name: "me" });
		const first = look([{ subject: "journal.connect.AHUB", ago: 3 * HOUR, data: admin }, purge(2 * HOUR), refused]);
		expect(notes(first)).toEqual(["purged", "refused-logins"]);
		const shown = remember(outputs, first, {});
		expect(notes({ ...first, memory: shown }), "a look alone puts nothing away").toHaveLength(2);
		const memory = remember(outputs, first, rememberSeen(shown, first));
		expect(notes({ ...first, memory })).toEqual([]);
		// Who was there is known from what was put away.
		const entries = [...(first.journal?.entries ?? []), ...entry(purge(HOUR / 2))];
		const [note, ...more] = fleetState(outputs, { ...first, journal: { entries }, memory }).hub.notes;
		expect(note?.text).toMatch(/delete messages of it at 2026-06-01 11:30 UTC \(connected as administrator then: me/);
		expect(more).toEqual([]);
	});

	test("of a journal that was made anew is nothing, whose entries count from 1 again", () => {
		const old = look([purge(2 * HOUR)]);
		const memory = rememberSeen(remember(outputs, old, {}), old);
		const again = entry(purge(HOUR)).map((each) => ({ ...each, seq: 1 }));
		expect(notes({ ...old, journal: { entries: again }, memory })).toEqual(["purged"]);
		// Nor does a clock that was set back hide anything.
		expect(notes({ ...look([purge(3 * HOUR)]), memory })).toEqual(["purged"]);
	});

	test("is a stream that is gone not: that is no news but what is", () => {
		const gone = { ...look([{ subject: "$JS.API.STREAM.DELETE.hub_sensor" }]), hub: {} };
		const memory = rememberSeen({}, gone);
		expect(notes({ ...gone, memory })).toEqual(["hub-stream-missing"]);
	});
});

describe("logins and links", () => {
	const refused = (changes: object = {}, ago?: number): Told => {
		return {
			subject: "journal.refused",
			...(ago !== undefined && { ago }),
			data: { ...link("edge1", "edge1", changes), reason: "Authentication Failure" },
		};
	};

	test("refused logins are counted by address, name and reason; a hundred in an hour are a flood", () => {
		const some = [refused({}, 3 * HOUR), refused(), refused({ host: "10.0.0.6" })];
		expect(hubNotes(some)).toEqual([
			"· refused-logins 2 logins refused since 2026-06-01 09:00 UTC from 10.0.0.5 as edge1, Authentication Failure; last at 2026-06-01 11:00 UTC",
			"· refused-logins 1 login refused since 2026-06-01 11:00 UTC from 10.0.0.6 as edge1, Authentication Failure; last at 2026-06-01 11:00 UTC",
		]);
		const [flood] = hubNotes(Array.from({ length: 1_000 }, () => refused({}, 60_000)));
		expect(flood).toMatch(
			/^! refused-logins at least 1,000 logins refused .*: somebody tries; keep that address from port 7422$/,
		);
		expect(hubNotes([refused({}, 25 * HOUR)])).toEqual([]);
	});

	test("a lost device that tries again is told as that", () => {
		const { edge1 } = outputs.devices;
		if (!edge1) throw new Error("no edge1");
		const lost = { ...outputs, devices: { edge1: { ...edge1, retired: "lost" as const } } };
		const [note] = fleetState(lost, facts([refused()])).hub.notes;
		expect(note?.text).toContain("as edge1, Authentication Failure: it is retired: lost; last at");
	});

	const replaced = (device: string, ago = HOUR): Told => {
		return {
			subject: "journal.disconnect.ADEV",
			ago,
			data: { ...link(device), reason: "Duplicate Remote LeafNode Connection" },
		};
	};
	const came = (name: string, user = name, ago = HOUR + 1): Told => {
		return { subject: "journal.connect.ADEV", ago, data: link(name, user, { host: "10.9.9.9" }) };
	};

	test("a device that replaces its own link is well; one that another takes it from is not", () => {
		expect(hubNotes([came("edge1"), replaced("edge1")])).toEqual([]);
		expect(hubNotes([came("edge1", "edge2"), replaced("edge1")])).toEqual([
			"! evicted edge1: its link was closed 1 time because another one came under its name from 10.9.9.9 with the credentials of edge2: retire edge2 as lost, and see who has its credentials",
			"! wrong-name the credentials of edge2 were used by a server that calls itself edge1, 1 time, last at 2026-06-01 10:59 UTC from 10.9.9.9: a device that was set up with another's file, or a thief; then retire edge2 as lost",
		]);
	});

	test("two with the same credentials that take the link from each other", () => {
		const turns = [1, 2, 3, 4, 5].flatMap((minute) => [
			came("edge1", "edge1", minute * 60_000 + 1),
			replaced("edge1", minute * 60_000),
		]);
		expect(hubNotes(turns)[0]).toMatch(
			/^! evicted edge1: its link was closed 5 times .*do two servers run with the same credentials\?/,
		);
	});

	test("links that the hub closed because they took too much", () => {
		const closed = (reason: string, ago = 60_000): Told => ({
			subject: "journal.disconnect.ADEV",
			ago,
			data: { ...link("edge1"), reason },
		});
		expect(
			hubNotes(["Client Closed", "Stale Connection", "Read Error", "Server Shutdown"].map((reason) => closed(reason))),
		).toEqual([]);
		expect(hubNotes([closed("Slow Consumer (Write Deadline)")])[0]).toMatch(
			/^· closed-by-hub edge1 from 10\.0\.0\.5: the hub closed its link 1 time: Slow Consumer \(Write Deadline\); last at/,
		);
		expect(hubNotes(Array.from({ length: 5 }, () => closed("Maximum Account Connections Exceeded")))[0]).toMatch(
			/^! closed-by-hub .* 5 times/,
		);
	});
});

describe("what strangers write", () => {
	test("reaches a terminal as text of one line, and breaks nothing", () => {
		const bad = { host: "1\u001b[2J", name: "a\nb", user: "\u202e", jwt: "x.e30.x", id: "1" };
		const [note = ""] = hubNotes([
			{ subject: "journal.refused", data: { client: bad, reason: "r\u0007".repeat(1_000) } },
		]);
		expect(note).not.toMatch(/\p{Cc}|\p{Cf}/u);
		expect(note.length).toBeLessThan(500);
		for (const data of [
			"",
			"null",
			"[]",
			"{",
			'{"client":null}',
			'{"client":{"host":{},"jwt":5}}',
			"\0".repeat(100_000),
		])
			for (const subject of ["journal.refused", "journal.connect.A", "journal.disconnect.A"])
				expect(() => hubNotes([{ subject, data }])).not.toThrow();
	});
});

describe("what is gone", () => {
	const at = (firstSeq: number, lastSeq: number, messages = lastSeq - firstSeq + 1) => ({
		edges: {
			edge1: {
				at: NOW,
				streams: { sensor: { messages, bytes: 1, firstSeq, lastSeq } },
				missing: [],
				unreadable: {},
				consumers: { sensor: { unacknowledged: messages, underWay: 0, window: 100 } },
			},
		},
	});
	const lines = (changes: Partial<Facts>) => statusLines(fleetState(outputs, facts([], changes))).join("\n");
	const deviceNotes = (changes: Partial<Facts>) =>
		fleetState(outputs, facts([], changes)).devices[0]?.notes.map(
			({ code, needsHand }) => `${needsHand ? "!" : "·"} ${code}`,
		);

	test("a device's stream that was emptied of what the hub never had is not 0 waiting", () => {
		const emptied = at(31, 30);
		expect(deviceNotes(emptied)).toEqual(["! vanished"]);
		expect(lines(emptied)).toContain("0 waiting · 20 messages gone before the hub had them");
		expect(lines(emptied)).toContain("0, 20 gone");
		expect(lines(emptied)).toContain(
			"edge1_sensor: 20 messages are gone from the device that the hub never had: purged",
		);
		// What the hub has makes room.
		for (const fine of [at(11, 10), at(5, 30), at(1, 10), at(11, 30), at(0, 0)])
			expect(deviceNotes(fine)?.filter((it) => it.includes("vanished"))).toEqual([]);
	});

	test("a device that moved on after a power cut may have lost nothing", () => {
		expect(deviceNotes(at(BLOCK + 11, BLOCK + 10))).toEqual(["· vanished"]);
		expect(lines(at(BLOCK + 11, BLOCK + 10))).not.toContain("gone before");
	});

	test("a stream that is gone, there or on the hub", () => {
		const noStream = { edges: { edge1: { at: NOW, streams: {}, missing: ["sensor"], unreadable: {}, consumers: {} } } };
		expect(lines(noStream)).toMatch(/^ {2}edge1 .* gone /m);
		expect(lines(noStream)).toContain("at least 0 waiting · 1 stream gone");
		expect(lines({ hub: {} })).toContain("at least 0 waiting · 1 stream gone");
	});

	test("the hub's stream, and the journal itself", () => {
		const { hub } = facts([]);
		const empty = {
			hub: { hub_sensor: { ...hub.hub_sensor, messages: 0, bytes: 0, emptiedMs: 60_000, stored: {}, sources: {} } },
		} as Partial<Facts>;
		expect(hubNotes([], empty)[0]).toMatch(
			/^! hub-stream-emptied hub_sensor is empty although a message came 1:00 ago/,
		);
		expect(hubNotes([], { journal: { entries: [], missing: true } })[0]).toMatch(
			/^! journal-missing leafline_journal is gone/,
		);
		expect(hubNotes([], { journal: { entries: [], error: "no answer within 5 s" } })).toEqual([
			"· journal-unread leafline_journal was not read: no answer within 5 s",
		]);
	});
});
