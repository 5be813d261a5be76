import { describe, expect, test } from "vitest";
import { domainFindings } from "../../cli/doctor/outside";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { type Finding, findingLines } from "../../device/doctor/finding";
import { clockFinding, credentialsFinding, modeFinding, readCredentials } from "../../device/doctor/judge-identity";
import {
	cardFinding,
	kernelFindings,
	serverFinding,
	spaceFindings,
	syncFinding,
} from "../../device/doctor/judge-machine";
import { stackFixture } from "../contract/fixture";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const DAY = 86_400_000;
const levels = (findings: Finding | readonly Finding[]) => [findings].flat().map(({ level }) => level);

/** The text of a credentials file, as NATS' tools write it. */
function creds(claims: Record<string, unknown> = {}, seed = createSeed("U"), show = seed): string {
	const payload = { sub: publicKey(seed), name: "edge1", iat: NOW / 1000 - 60, nats: { type: "user" }, ...claims };
	const token = ["e30", Buffer.from(JSON.stringify(payload)).toString("base64url"), "c2ln"].join(".");
	const key = show === "" ? "" : `-----BEGIN USER NKEY SEED-----\n${show}\n------END USER NKEY SEED------\n`;
	return `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n${key}`;
}

describe("the clock", () => {
	test.each([
		["is behind what was made", NOW, NOW + DAY, undefined, "fault", /it is behind/],
		["is a second behind, as links make it", NOW, NOW + 1000, undefined, "good", /2026-06-01 12:00 UTC/],
		["is behind another one", NOW, NOW - DAY, { who: "the hub", now: NOW + 60_000 }, "warning", /^60 s behind the hub/],
		[
			"is ahead of another one",
			NOW,
			NOW - DAY,
			{ who: "the hub", now: NOW - 60_000 },
			"warning",
			/^60 s ahead of the hub/,
		],
		["is right", NOW, NOW - DAY, { who: "the hub", now: NOW + 900 }, "good", /as the hub has it/],
	])("%s", (_, now, since, other, level, text) => {
		expect(clockFinding(now, since, other)).toMatchObject({ level, text: expect.stringMatching(text) });
	});
});

test.each([
	["nats-server: v2.14.5\n", "fault", /^nats-server 2\.14\.5 is too old for the hub .*: install 2\.15\.0 or later/],
	["nats-server: v2.15.0\n", "good", /^nats-server 2\.15\.0$/],
	["nats-server: v2.15.2+leafline.3\n", "good", /^nats-server 2\.15\.2\+leafline\.3$/],
	["", "unknown", /^no nats-server runs here/],
])("a server that says %j", (printed, level, text) => {
	expect(serverFinding(printed)).toMatchObject({ check: "server", level, text: expect.stringMatching(text) });
});

describe("credentials", () => {
	test.each([
		["of nobody", "no credentials at all", /no user's token/],
		["cut off", creds().slice(0, 60), /no user's token/],
		["of an account", creds({ nats: { type: "account" } }), /no user's token/],
		["whose token is no JSON", creds().replace(/\.(\S+)\./, ".@@@."), /no user's token/],
		["of another device", creds({ name: "edge2" }), /of edge2, not of edge1/],
		["without the key", creds({}, createSeed("U"), ""), /the key is missing/],
		["with another one's key", creds({}, createSeed("U"), createSeed("U")), /not the token's/],
		["with a key that is none", creds({}, createSeed("U"), "SUAAAA"), /not the token's/],
		["that have ended", creds({ exp: NOW / 1000 - 1 }), /ended on 2026-06-01/],
		["that do not hold yet", creds({ nbf: NOW / 1000 + 3600 }), /hold from 2026-06-01 13:00/],
	])("%s are named", (_, text, said) => {
		const read = readCredentials(text, "device.creds", NOW, "edge1");
		expect(read).toMatchObject({ check: "credentials", level: "fault", text: expect.stringMatching(said) });
		expect((read as Finding).remedy).toBeTruthy();
	});

	test("that are good say until when, and warn a month before", () => {
		const finding = (claims: Record<string, unknown>) => {
			const read = readCredentials(creds(claims), "device.creds", NOW, "edge1");
			if ("check" in read) throw new Error(read.text);
			return credentialsFinding("device.creds", read, NOW);
		};
		expect(finding({})).toMatchObject({ level: "good", text: expect.stringContaining("without an end") });
		expect(finding({ exp: (NOW + 90 * DAY) / 1000 }).level).toBe("good");
		expect(finding({ exp: (NOW + 7 * DAY) / 1000 })).toMatchObject({
			level: "warning",
			text: expect.stringContaining("until 2026-06-08"),
		});
	});

	test("no key is ever in what is said", () => {
		const seed = createSeed("U");
		for (const text of [creds({ name: "edge2" }, seed), creds({}, createSeed("U"), seed), creds({ exp: 1 }, seed)])
			expect(JSON.stringify(readCredentials(text, "device.creds", NOW, "edge1"))).not.toContain(seed);
	});

	test.each([
		[0o100600, undefined],
		[0o100640, "fault"],
		[0o100604, "fault"],
	])("of mode %o", (mode, level) => expect(modeFinding("device.creds", mode)?.level).toBe(level));
});

describe("the disk", () => {
	const GIB = 1024 ** 3;
	const disk = { bytes: 64 * GIB, freeBytes: 32 * GIB, files: 1_000_000, freeFiles: 900_000 };
	const use = { maxBytes: 8 * GIB, storedBytes: GIB };

	test.each([
		["has room", disk, ["good"]],
		["has not enough for all that streams may hold", { ...disk, freeBytes: 2 * GIB }, ["warning"]],
		["has not enough inodes", { ...disk, freeFiles: 300 }, ["warning"]],
		["has neither", { ...disk, freeBytes: 2 * GIB, freeFiles: 300 }, ["warning", "warning"]],
		["is full", { ...disk, freeBytes: 1024 }, ["fault"]],
		["makes inodes as needed", { ...disk, files: 0, freeFiles: 0 }, ["good"]],
	])("%s", (_, room, expected) => expect(levels(spaceFindings("/var/lib/nats", room, use))).toEqual(expected));

	test("what it holds already needs no room", () => {
		const short = { ...disk, freeBytes: 2 * GIB };
		expect(levels(spaceFindings("/store", short, { ...use, storedBytes: 7 * GIB }))).toEqual(["good"]);
	});

	test.each([
		["an SD card, and each of 200 messages a second is synced", 60, "always", [200], "fault"],
		["just enough", 300, "always", [200], "warning"],
		["an SSD", 5_000, "always", [200], "good"],
		["an interval, for three busy streams: 12 syncs a second", 60, 250, [2_000, 2_000, 2_000], "good"],
		["an interval, and a slow card", 20, 250, [2_000, 2_000, 2_000], "warning"],
		["an interval, and a dying card", 5, 250, [2_000, 2_000, 2_000], "fault"],
		["an interval, for streams in which little happens", 5, 250, [0.1, 0.1], "good"],
		["an interval bounds a rate that is not known", 60, 250, [undefined], "good"],
		["always, of a rate that is not known", 60, "always", [undefined], "unknown"],
	] as const)("%s", (_, perSecond, sync, rates, level) => {
		expect(syncFinding({ perSecond, slowestMs: 40 }, sync, rates).level).toBe(level);
	});

	test("a card is named, an eMMC and others are not", () => {
		expect([cardFinding("SD"), cardFinding("MMC"), cardFinding(undefined)].map(levels)).toEqual([["warning"], [], []]);
	});
});

test("the kernel is to write soon, with files and memory enough", () => {
	const fine = { sysctl: { "vm.dirty_expire_centisecs": 100 }, openFiles: 524_288, memoryBytes: 2e9 };
	expect(levels(kernelFindings(fine, 1e9))).toEqual(["good"]);
	const usual = { ...fine, sysctl: { "vm.dirty_expire_centisecs": 3000 } };
	expect(kernelFindings(usual, 1e9)).toMatchObject([
		{ level: "warning", remedy: expect.stringContaining("sysctl -w vm.dirty_expire_centisecs=100") },
	]);
	expect(levels(kernelFindings({ ...fine, openFiles: 1024 }, 1e9))).toEqual(["warning"]);
	expect(levels(kernelFindings(fine, 4e9))).toEqual(["fault"]);
});

test("two servers of one name are found, and strangers are none of ours", () => {
	const outputs = stackFixture();
	const found = (names: readonly string[] | undefined) => domainFindings(outputs, names);
	expect(found(["edge1", "edge2", "control-1", "control-1"])).toMatchObject([{ level: "good" }]);
	expect(found(["edge1", "edge2", "edge1"])).toMatchObject([
		{ level: "fault", text: "connected more than once: edge1" },
	]);
	expect(found(undefined)).toMatchObject([{ level: "unknown" }]);
});

test("what is found stands above what to do", () => {
	expect(findingLines([{ check: "tcp", level: "fault", text: "no answer", remedy: "look at the firewall" }])).toEqual([
		"  ✗ tcp          no answer",
		"                 → look at the firewall",
	]);
});
