import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderHubConf } from "../../render/hub";
import { type ConfMap, type ConfValue, renderNatsConfig } from "../../render/nats-config";
import { readNatsConfig } from "../../render/read-nats-config";
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
		expect(renderNatsConfig(read)).toBe(renderHubConf(topology, options).replace(/^#.*\n/, ""));
	});

	it.each([
		["a text without quotes", "a: b\n", 1],
		["a unit", "a: 1\nb: 1GiB\n", 2],
		["a key without a colon", "a {\n}\n", 1],
		["another file", "include other.conf\n", 1],
		["a variable", "a: $HOME\n", 1],
		["a block that does not end", "a: {\n  b: 1\n", 3],
		["a text that does not end", 'a: "b\n', 1],
		["a brace too many", "a: 1\n}\n", 2],
		["an escape that it does not know", 'a: "\\q"\n', 1],
		["a list without commas", "a: [\n1\n2\n]\n", 3],
	])("refuses %s", (_, given, line) => {
		expect(() => readNatsConfig(given)).toThrow(new RegExp(`^line ${line} has no `));
	});

	it("takes no time over a megabyte, whatever is wrong with it", () => {
		const started = performance.now();
		expect(readNatsConfig(`a: "${"\\\\x".repeat(300_000)}"\n`).a).toHaveLength(600_000);
		expect(() => readNatsConfig(`a: "${"b".repeat(1_000_000)}`)).toThrow(SyntaxError);
		expect(performance.now() - started).toBeLessThan(1_000);
	});
});
