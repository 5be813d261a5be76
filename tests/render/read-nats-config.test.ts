import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderHubConf } from "../../render/hub";
import { type ConfMap, type ConfValue, renderNatsConfig } from "../../render/nats-config";
import { FROM_ENVIRONMENT, NatsConfigError, readNatsConfig } from "../../render/read-nats-config/read";
import { compliantTopology } from "../policies/fixture";

/** Characters that mean something to the language, and any others. */
const text = fc.string({
	unit: fc.oneof(fc.constantFrom(..."\"'\\#/$={}[](),;: \n\r\tx0e-.%"), fc.string({ unit: "binary", maxLength: 1 })),
	maxLength: 12,
});
const sayable = text.filter((value) => !/\p{Cs}/u.test(value));
const key = text.filter(
	(value) => value !== "" && !(value.includes('"') && value.includes("'")) && !/[\p{Cc}\p{Cs}]/u.test(value),
);
const number = fc.oneof(
	fc.maxSafeInteger(),
	fc.integer({ min: -9_999, max: 9_999 }).map((hundredths) => hundredths / 100 + 0),
);

const { tree } = fc.letrec<{ tree: ConfMap; value: ConfValue }>((tie) => ({
	tree: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
	value: fc.oneof(
		{ depthSize: "small", withCrossShrink: true },
		sayable,
		number,
		fc.boolean(),
		fc.array(tie("value"), { maxLength: 4 }),
		tie("tree"),
	),
}));

describe("reader", () => {
	it("gives back what the writer was given", () => {
		fc.assert(
			fc.property(tree, fc.option(text, { nil: undefined }), (given, comment) => {
				expect(readNatsConfig(renderNatsConfig(given, comment))).toEqual(given);
			}),
			{ numRuns: 2_000 },
		);
	});

	it("reads what a hub's node is given", () => {
		const topology = compliantTopology();
		const options = {
			cluster: { routes: ["nats-route://10.0.0.10:6222", "nats-route://10.0.0.11:6222"] },
			node: 0,
			operatorJwt: "eyJ",
			systemAccount: "A",
			preload: { A: "eyJ" },
			tls: { cert: "c", key: "k" },
		};
		const read = readNatsConfig(renderHubConf(topology, options));
		expect(read).toMatchObject({ server_name: "hub_1", jetstream: { domain: "hub" }, resolver_preload: { A: "eyJ" } });
		expect(renderNatsConfig(read as ConfMap)).toBe(renderHubConf(topology, options).replace(/^#.*\n/, ""));
	});

	// What each of these means, the server's own parser has said: nats-conf.test.ts.
	it.each<[string, string, unknown]>([
		["JSON", '{"leafnodes": {"port": 7422, "no_advertise": true}}', { leafnodes: { port: 7422, no_advertise: true } }],
		["separators", "a: 1; b = 2\nc 3, d {e f}\n", { a: 1, b: 2, c: 3, d: { e: "f" } }],
		["comments", "# one\na: 1 # two\n// three\nb: 2 // four\n", { a: 1, b: 2 }],
		["capitals and words for yes and no", "Debug: ON\ntrace no\n", { Debug: true, trace: false }],
		["units", "a: 1k\nb: 1KB\nc: 2Mi\nd: -3GiB\n", { a: 1000, b: 1024, c: 2 * 1024 ** 2, d: -3 * 1024 ** 3 }],
		[
			"texts without quotes",
			"a: 127.0.0.1:4222\nb: /data/x\nc: 10s\n",
			{ a: "127.0.0.1:4222", b: "/data/x", c: "10s" },
		],
		["texts in quotes", String.raw`a: 'b\n', c: "d\x41\t"`, { a: String.raw`b\n`, c: "dA\t" }],
		["a block of text", "a: (\nb\n c\n)\nd: 1\n", { a: "\nb\n c\n", d: 1 }],
		["lists over lines", "a: [\n 1\n 2, 3\n]\n", { a: [1, 2, 3] }],
		["a time", "a: 2026-01-31T00:00:00Z\n", { a: "2026-01-31T00:00:00Z" }],
		["a variable", "A: hunter2\nb { c: $A, d: [$A] }\n", { A: "hunter2", b: { c: "hunter2", d: ["hunter2"] } }],
		["the nearest variable", "A: 1\nb { A: 2, c: $A }\n", { A: 1, b: { A: 2, c: 2 } }],
		["the environment", "a: $HOME\nb: [$X]\n", { a: FROM_ENVIRONMENT, b: [FROM_ENVIRONMENT] }],
		["a bcrypt hash", "a: $2a$11$xyz\n", { a: "$2a$11$xyz" }],
		["a brace too many", "a: 1\n}\n", { a: 1 }],
		["a key twice", "a: 1\na: 2\n", { a: 2 }],
	])("reads %s", (_, given, tree) => expect(readNatsConfig(given)).toEqual(tree));

	it("reads files that are included, from where they lie", () => {
		const files: Record<string, string> = {
			"auth.conf": "authorization { include users/all.conf }\n",
			"users/all.conf": 'include "./one.conf"\n',
			"users/one.conf": "user: a; password: hunter2\n",
		};
		expect(readNatsConfig("include auth.conf\n", { include: (path) => files[path] })).toEqual({
			authorization: { user: "a", password: "hunter2" },
		});
	});

	it.each([
		["another file", "a: 1\ninclude other.conf\n", "2, column 9: another file is included here, which is not at hand"],
		[
			"a file of itself",
			"include self.conf\n",
			"1, column 9: the file that is included here cannot be read: line 2, col",
		],
		["a block that does not end", "a: {\n  b: 1\n", "3, column 1: the text ends where a key or a } is missing"],
		["a list that does not end", "a: [\n  1\n", "3, column 1: the text ends where a comma or a ] is missing"],
		["a list of numbers without spaces", "a: [1,2]\n", "2, column 1: the text ends where a comma or a ] is missing"],
		["a text that does not end", 'a: "b\n', "1, column 4: the quoted text that begins here does not end"],
		[
			"a block of text that does not end",
			"a: (\nb )\n",
			"1, column 4: the block of text that begins here does not end",
		],
		["a value that is not there", "a:\nb: 1\n", "1, column 3: a value is missing"],
		["two values", "a: 1 2\n", "1, column 6: the end of the line is missing here"],
		["an escape that is none", 'a: "b\\q"\n', "1, column 6: this is no escape"],
		["a number that is none", "a: 99999999999999999999\n", "1, column 4: this is no whole number of 64 bits"],
		["a NUL", "a: 1\n\0", "2, column 1: a NUL is no text"],
		["blocks without end", "a {\n".repeat(1_000), "257, column 3: nested more than 256 deep"],
		["lists without end", `a: ${"[".repeat(100_000)}`, "1, column 260: nested more than 256 deep"],
		["braces without end", "{".repeat(100_000), "1, column 258: nested more than 256 deep"],
	])("refuses %s", (_, given, message) => {
		const include = (path: string) => (path === "self.conf" ? "\ninclude self.conf" : undefined);
		expect(() => readNatsConfig(given, { include })).toThrow(NatsConfigError);
		expect(() => readNatsConfig(given, { include })).toThrow(`line ${message}`);
	});

	it("says what is wrong without a word of the text, for it may be a password", () => {
		const odd = fc.array(fc.constantFrom("hunter2", " ", "\n", "{", "}", "[", '"', "'", ":", "\\", "(", "1", "$"));
		fc.assert(
			fc.property(odd, (parts) => {
				try {
					readNatsConfig(`password: ${parts.join("")}`);
				} catch (error) {
					expect((error as Error).message).not.toContain("hunter2");
				}
			}),
		);
	});

	it("comes to an end of a megabyte, whatever is wrong with it", () => {
		expect(readNatsConfig(`a: "${"\\\\x".repeat(300_000)}"\n`).a).toHaveLength(600_000);
		expect(() => readNatsConfig(`a: "${"b".repeat(1_000_000)}`)).toThrow(NatsConfigError);
		expect(() => readNatsConfig(`a: (${"\n)x".repeat(300_000)}`)).toThrow(NatsConfigError);
		expect(readNatsConfig("a: 1\n".repeat(200_000))).toEqual({ a: 1 });
	});
});
