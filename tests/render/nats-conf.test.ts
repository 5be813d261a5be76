import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { NatsConfigError, readNatsConfig } from "../../render/read-nats-config/read";
import { type Answer, type NatsConf, natsConf, type Question, whyNoNatsConf } from "../support/nats-conf";

const { TOOLS } = createRequire(__filename)("../../toolchain/requirements.js") as {
	TOOLS: { name: string; version: number[] }[];
};

/** Of the server, for both sides. */
const ENVIRONMENT = {
	NUMBER: "10k",
	WORD: "hunter2",
	BLOCK: "{ a: 1 }",
	REFERENCE: "$NUMBER",
	EMPTY: "",
	LOOP: "$LOOP",
	BROKEN: "[",
};

/** What means something to the language, alone or together, and what does not. */
const piece = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.constantFrom(
			..."{}[]()\"'#/\\=:;,$ \t\n\r.-",
			...["//", "\r\n", "\n)\n", "(\n", "{ ", "} ", "\n}\n", "include ", "include\n"],
			...["$a", "$NUMBER", "$WORD", "$BLOCK", "$REFERENCE", "$EMPTY", "$LOOP", "$BROKEN", "$2a$11$abc", "$"],
		),
	},
	{
		weight: 4,
		arbitrary: fc.constantFrom(
			...["a", "b", "port", "user", "pass: x", "a: 1", "b = 2", "c {d: 1}", "[1, 2\n]", "true", "off", "Yes", "nO"],
			...["\\x41", "\\x4", "\\xe2\\x82\\xac", "\\n", "\\q", '\\"', "é", "🚚", "٣", "\u00a0", "\u2003", "\ufeff"],
			...["'x'", '"y"'],
		),
	},
	{
		weight: 4,
		arbitrary: fc.constantFrom(
			...["0", "12", "-1", "-", "1.5", "1.", "1.2.3.4", "10.0.0.1:4222", "1k", "2KB", "3Mi", "4GiB", "5kbb", "6e"],
			...["7EB", "99999999999999999999", "9223372036854775807", "1e5", "007", "0x10", "1K1", "5e7b", "-1k", "-2.5"],
			...["2026-01-31T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-31", "1234-", "1'", "1]", "1#", "1\\"],
		),
	},
	{ weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
);
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number) => fc.sample(arbitrary, { numRuns, seed: 9 });

const why = whyNoNatsConf();

describe.skipIf(why)(`the reader, beside nats-server's own${why ? ` (skipped: ${why})` : ""}`, () => {
	let server: NatsConf;

	beforeAll(() => {
		server = natsConf();
	});

	it("is held against the version that leafline builds", () => {
		expect(server.version).toBe(TOOLS.find(({ name }) => name === "nats-server")?.version.join("."));
	});

	it("reads the server's own configurations alike, with the files that they include", () => {
		const files = server.files.map((file) => ({ file }));
		expect(files.length).toBeGreaterThan(80);
		expect(taken(alike(files))).toBeGreaterThan(80);
	});

	it("reads every text in the server's tests alike, and refuses what the server refuses", () => {
		const filled = server.texts.filter((text) => text.includes("%")).map(fillIn);
		expect(server.texts.length).toBeGreaterThan(2_000);
		expect(taken(alike([...server.texts, ...filled].map((text) => ({ text }))))).toBeGreaterThan(2_000);
	});

	it("reads texts of odd pieces alike", () => {
		const texts = sample(
			fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
			20_000,
		);
		expect(taken(alike(texts.filter(isComparable).map((text) => ({ text }))))).toBeGreaterThan(2_000);
	});

	it("reads configurations with something put in, taken out, put in its place or cut off alike", () => {
		const short = server.texts.filter(({ length }) => length > 4 && length < 800);
		const change = fc.tuple(fc.nat(), fc.constantFrom("in", "out", "instead", "end"), piece, fc.nat(12));
		const texts = sample(
			fc.tuple(fc.constantFrom(...short), fc.array(change, { minLength: 1, maxLength: 4 })).map(mutated),
			20_000,
		);
		expect(taken(alike(texts.filter(isComparable).map((text) => ({ text }))))).toBeGreaterThan(2_000);
	});

	/** Fails with the shortest text that the two do not read alike. */
	function alike(questions: readonly Question[]): Answer[] {
		const answers = server.read(questions, ENVIRONMENT);
		const differing = questions.flatMap((question, i) => {
			const [theirs, ours] = [brief(answers[i] ?? {}), brief(read(question))];
			return theirs === ours ? [] : [{ question, theirs, ours }];
		});
		const size = ({ question }: { question: Question }) => JSON.stringify(question).length;
		const [first] = differing.sort((a, b) => size(a) - size(b));
		expect(first).toBeUndefined();
		return answers;
	}
});

function taken(answers: readonly Answer[]): number {
	return answers.filter(({ error }) => error === undefined).length;
}

function read(question: Question): Answer {
	try {
		if ("text" in question) return { tree: readNatsConfig(question.text, { environment: ENVIRONMENT }) };
		const beside = (name: string) => {
			try {
				return readFileSync(join(dirname(question.file), name), "utf8");
			} catch {
				return undefined;
			}
		};
		const options = { environment: ENVIRONMENT, include: beside };
		return { tree: readNatsConfig(readFileSync(question.file, "utf8"), options) };
	} catch (error) {
		if (!(error instanceof NatsConfigError)) throw error;
		return { error: error.message };
	}
}

/** One text for a tree, whatever the order of its keys; the two say differently what is wrong, so that is left out. */
function brief({ tree, error }: Answer): string {
	return error === undefined ? JSON.stringify(sorted(tree ?? {})) : "refused";
}

function sorted(value: unknown): unknown {
	// Bytes that are no UTF-8 are one sign for each of them, or one for all.
	if (typeof value === "string") return value.replace(/\ufffd+/g, "\ufffd");
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(sorted);
	const entries = Object.entries(value).map(([key, part]) => [sorted(key), sorted(part)] as [string, unknown]);
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the server's tests fill into their templates. */
function fillIn(text: string): string {
	return text.replace(/%d/g, "4222").replace(/%[qv]/g, '"x"').replace(/%\w/g, "x");
}

/** The reader refuses a NUL that the server may not see; half a surrogate pair is no text for the server. */
function isComparable(text: string): boolean {
	return !text.includes("\0") && !/\p{Cs}/u.test(text);
}

function mutated([text, changes]: [string, [number, string, string, number][]]): string {
	return changes.reduce((rest, [place, how, put, length]) => {
		const at = rest === "" ? 0 : place % rest.length;
		if (how === "end") return rest.slice(0, at);
		return rest.slice(0, at) + (how === "out" ? "" : put) + rest.slice(how === "in" ? at : at + length);
	}, text);
}
