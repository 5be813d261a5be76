import {
	chmodSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answerTo } from "../../cli/enrol/answer";
import { bundleSeed, deviceProgramSeed, deviceSigning } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { askToJoin, REQUEST, takeAnswer } from "../../device/join/join";
import { fingerprintOf, type JoinAnswer, type JoinRequest, readAnswer, readRequest } from "../../device/join/paper";
import { type Bench, startBench } from "../support/bench";
import { openRawLeaf } from "../support/raw-leaf";

describe("a device that makes its key itself", () => {
	let bench: Bench;
	let dir: string;
	beforeAll(async () => {
		bench = await startBench();
	});
	afterAll(() => bench?.close());
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), "leafline-join-"));
	});
	afterEach(() => rmSync(dir, { recursive: true, force: true }));

	const signer = () => {
		const signing = deviceSigning(bench.keys);
		const seed = bundleSeed(signing.fleetSecret);
		return { signing, seed, key: publicKey(seed) };
	};
	const ask = (device = "edge1") => {
		const lines = askToJoin(dir, device);
		return { lines, request: readRequest(readFileSync(join(dir, REQUEST), "utf8")) };
	};
	const answerFile = (answer: object) => {
		const file = join(dir, "answer.json");
		writeFileSync(file, JSON.stringify(answer));
		return file;
	};
	const secrets = () => {
		const { seed, opener } = JSON.parse(readFileSync(join(dir, "join.key"), "utf8")) as {
			seed: string;
			opener: string;
		};
		return [seed, opener];
	};
	const made = () => readdirSync(dir).sort();

	it("asks with the same key each time, which nobody else may read and no request holds", () => {
		const first = ask();
		const again = ask();
		expect(again.request.publicKey).toBe(first.request.publicKey);
		expect(first.lines[1]).toBe(`fingerprint:  ${fingerprintOf(again.request)}`);
		expect(fingerprintOf(first.request)).toMatch(/^([0-9a-f]{4}-){4}[0-9a-f]{4}$/);
		expect(statSync(join(dir, "join.key")).mode & 0o777).toBe(0o600);
		for (const secret of secrets()) expect(readFileSync(join(dir, REQUEST), "utf8")).not.toContain(secret);
		expect(() => askToJoin(dir, "edge2")).toThrow("is the key of edge1, and this is edge2: name another folder");
		expect(() => askToJoin(dir, "../edge2")).toThrow("is no device's name");
	});

	it("is let in by the answer, and no seed of it ever left the folder", async () => {
		const { request } = ask();
		const answer = answerTo(request, signer(), bench.ca);
		const said = JSON.stringify(answer);
		for (const secret of [...secrets(), deviceProgramSeed(bench.keys.fleetSecret, "edge1")]) {
			expect(said).not.toContain(secret);
		}
		takeAnswer(dir, answerFile(answer), signer().key);
		const credentials = readFileSync(join(dir, "etc/device.creds"), "utf8");
		expect(statSync(join(dir, "etc/device.creds")).mode & 0o777).toBe(0o600);
		expect(readFileSync(join(dir, "etc/leafline.nk"), "utf8")).toBe(deviceProgramSeed(bench.keys.fleetSecret, "edge1"));
		const leaf = await openRawLeaf({ port: bench.hubs[0]?.ports.leaf ?? 0, ca: bench.ca, credentials, name: "edge1" });
		leaf.close();
	});

	it.each<[string, (request: JoinRequest) => object, string]>([
		["another name", (it) => ({ ...it, device: "edge2" }), "the request is not signed by its own key: it was changed"],
		["another key", (it) => ({ ...it, publicKey: signer().key }), "the request is not signed by its own key"],
		["another box", (it) => ({ ...it, box: `${"A".repeat(43)}=` }), "the request is not signed by its own key"],
		["no signature", ({ signature: _, ...it }) => it, "this is not a request of leafline-device join: signature"],
		["more than it may", (it) => ({ ...it, admin: true }), "this is not a request of leafline-device join"],
		["a newer version", (it) => ({ ...it, version: 2 }), "of a newer leafline (version 2)"],
		["no key", (it) => ({ ...it, publicKey: "../../etc" }), "this is not a request of leafline-device join: publicKey"],
		["a list", () => [], "this is not a request of leafline-device join"],
	])("a request with %s is refused", (_what, change, message) => {
		expect(() => readRequest(JSON.stringify(change(ask().request)))).toThrow(message);
	});

	it.each<[string, (answer: JoinAnswer) => object, string]>([
		["other credentials", (it) => ({ ...it, credentials: "x" }), "is not signed with"],
		["another signer", (it) => ({ ...it, key: it.publicKey }), "is not signed with"],
		["text for a signature", (it) => ({ ...it, signature: "§" }), "is not signed with"],
	])("an answer with %s is refused, and nothing is written", (_what, change, message) => {
		const answer = answerTo(ask().request, signer(), bench.ca);
		const before = made();
		const file = answerFile(change(answer));
		expect(() => takeAnswer(dir, file)).toThrow(message);
		expect(made().filter((name) => name !== "answer.json")).toEqual(before);
	});

	it("refuses an answer for another device, for another key, and of another fleet", () => {
		const { request } = ask();
		const other = mkdtempSync(join(tmpdir(), "leafline-join-"));
		try {
			askToJoin(other, "edge1");
			const file = answerFile(answerTo(request, signer(), bench.ca));
			expect(() => takeAnswer(other, file)).toThrow(
				/^the answer is for edge1 with the key U.*, and this is edge1 with U/,
			);
			expect(() => takeAnswer(dir, file, request.publicKey)).toThrow("is not signed with");
			expect(existsSync(join(dir, "etc"))).toBe(false);
			expect(() => readAnswer("{")).toThrow("this is not an answer of leafline enrol");
		} finally {
			rmSync(other, { recursive: true, force: true });
		}
	});

	it("says what is wrong with its folder, and nothing of the key", () => {
		expect(() => takeAnswer(dir, join(dir, "none.json"))).toThrow("holds no key of leafline-device join: ask first");
		ask();
		const [seed = ""] = secrets();
		writeFileSync(join(dir, "join.key"), `{"seed":"${seed.slice(0, 30)}`);
		chmodSync(join(dir, "join.key"), 0o600);
		const said = () => {
			try {
				return askToJoin(dir, "edge1").join();
			} catch (error) {
				return String(error);
			}
		};
		expect(said()).toContain("is damaged; take it away, and ask anew with another key");
		expect(said()).not.toContain(seed.slice(0, 30));
	});
});
