import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfMap, confDuration, renderNatsConfig } from "../../render/nats-config";
import { freePorts } from "../support/ports";
import { makeServers, type Servers } from "../support/servers";

/** Any one character of Unicode. */
const ANY = fc.string({ unit: "binary", minLength: 1, maxLength: 1 });

let servers: Servers;

beforeAll(() => {
	servers = makeServers();
});

afterAll(() => servers.close());

describe("writer", () => {
	it("quotes every string and no number or boolean", () => {
		expect(renderNatsConfig({ name: "007", yes: "true", on: true, size: 1024, part: 0.5, less: -3 })).toBe(
			'name: "007"\nyes: "true"\non: true\nsize: 1024\npart: 0.5\nless: -3\n',
		);
	});

	it("nests maps and lists, and leaves out what is undefined", () => {
		expect(renderNatsConfig({ a: { b: [1, { c: "x" }], d: undefined }, e: {}, f: [] })).toBe(
			'a: {\n  b: [\n    1,\n    {\n      c: "x"\n    }\n  ]\n}\ne: {}\nf: []\n',
		);
	});

	it("quotes keys that are no plain words, and the word that includes another file", () => {
		expect(renderNatsConfig({ "truck-1": 1, 'a"b': 2, include: 3, Include: 4 })).toBe(
			'"truck-1": 1\n\'a"b\': 2\n"include": 3\n"Include": 4\n',
		);
	});

	it("keeps a comment a comment, whatever line ends it has", () => {
		expect(renderNatsConfig({ a: 1 }, "one\ntw\0o\r\nport: 1\rport: 2")).toBe(
			"# one\n# two\n# port: 1\n# port: 2\na: 1\n",
		);
	});

	it.each<[string, ConfMap]>([
		["a number beyond what is exact", { a: 2 ** 53 }],
		["a number with an exponent", { a: 1e-9 }],
		["infinity", { a: Number.POSITIVE_INFINITY }],
		["not a number", { a: Number.NaN }],
		["half of a surrogate pair", { a: "\ud800" }],
		["an empty key", { "": 1 }],
		["a key with both kinds of quotes", { "\"'": 1 }],
		["a key with a line break", { "a\nb": 1 }],
	])("refuses %s", (_, tree) => {
		expect(() => renderNatsConfig(tree)).toThrow(RangeError);
	});

	it("writes durations in the unit that keeps them whole", () => {
		expect([250, 1000, 90_000, 1500].map(confDuration)).toEqual(["250ms", "1s", "90s", "1500ms"]);
	});
});

describe("what a running server reads back", () => {
	it("is what was written: awkward strings and keys, and thousands of random ones", async () => {
		const awkward = [
			..."007 1e5 1G 1GiB 1KB true off no $HOME $2a$10$x 2026-01-31T00:00:00Z 10.0.0.1 -1 .5 # // { } [ ] ( ) : = , ; ' \" \\ \\x41 %".split(
				" ",
			),
			"",
			" ",
			"  leading and trailing\t",
			"line\nbreak\r\nand more\n)",
			"# no comment",
			"a // b",
			"'single' and \"double\"",
			"back\\slash\\",
			"nul\u0000, bell\u0007, delete\u007f, next line\u0085",
			"\ufeffbyte order mark",
			"Größe 车辆 🚚",
			"\u2028\u2029",
			"include other.conf",
			"$" + "{HOME} {{name()}}",
		];
		const text = fc.string({
			unit: fc.oneof(fc.constantFrom(..."\"'\\#/$={}[](),;: \n\r\tx0e-.%"), ANY),
			maxLength: 20,
		});
		const random = fc.sample(text, { numRuns: 3000, seed: 7 });
		const key = fc.string({ unit: fc.oneof(fc.constantFrom(..."'\\#/$={}[](),;: x0e-.%"), ANY), maxLength: 20 });
		const keys = [...awkward, ...fc.sample(key, { numRuns: 500, seed: 8 })].filter(isKey);
		const wanted: Record<string, string> = {
			...Object.fromEntries([...awkward, ...random].map((value, i) => [`value${i}`, value])),
			...Object.fromEntries(keys.map((name) => [name, name])),
		};
		expect(await readBack(wanted)).toEqual(wanted);
	});

	async function readBack(metadata: Record<string, string>): Promise<Record<string, string>> {
		const [client, monitor] = await freePorts(2);
		const listen = { listen: `127.0.0.1:${client}`, http: `127.0.0.1:${monitor}` };
		const server = servers.add("meta", {}, renderNatsConfig({ ...listen, server_metadata: metadata }));
		await server.start();
		const varz = (await (await fetch(`http://127.0.0.1:${monitor}/varz`)).json()) as {
			metadata: Record<string, string>;
		};
		await server.kill();
		return varz.metadata;
	}
});

/** What the language can say as a key; the writer refuses the rest. */
function isKey(text: string): boolean {
	const quotable = !text.includes("'") || !text.includes('"');
	return text !== "" && text !== "__proto__" && quotable && !/\p{Cc}/u.test(text);
}
