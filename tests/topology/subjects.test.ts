import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLiteral, isSubject, isSubset, overlaps, prefixed, tokenCount, transform } from "../../topology/subjects";

const DEPTH = 4;

/** Every subject of up to four tokens over two words: enough, since patterns below have at most three tokens. */
const LITERALS = (function all(depth: number): string[][] {
	return depth === 0
		? []
		: [
				["a"],
				["b"],
				...all(depth - 1).flatMap((rest) => [
					["a", ...rest],
					["b", ...rest],
				]),
			];
})(DEPTH).map((tokens) => tokens.join("."));

const pattern = fc
	.tuple(fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 3 }), fc.boolean())
	.map(([tokens, rest]) => (rest && tokens.length < 3 ? [...tokens, ">"] : tokens))
	.filter((tokens) => tokens.length > 0)
	.map((tokens) => tokens.join("."));

/** The definition, word for word: `*` is any one token, `>` any one or more at the end. */
function matches(subject: string, wanted: string): boolean {
	const source = wanted.replace(/\./g, "\\.").replace(/\*/g, "[^.]+").replace(/>/g, ".+");
	return new RegExp(`^${source}$`).test(subject);
}

describe("overlaps", () => {
	it("is true exactly when a subject matches both", () => {
		fc.assert(
			fc.property(pattern, pattern, (a, b) => {
				expect(overlaps(a, b)).toBe(LITERALS.some((subject) => matches(subject, a) && matches(subject, b)));
			}),
			{ numRuns: 2000 },
		);
	});
});

describe("isSubset", () => {
	it("is true exactly when every subject of the one is one of the other", () => {
		fc.assert(
			fc.property(pattern, pattern, (a, b) => {
				const own = LITERALS.filter((subject) => matches(subject, a));
				expect(isSubset(a, b)).toBe(own.every((subject) => matches(subject, b)));
			}),
			{ numRuns: 2000 },
		);
	});
});

describe("isSubject", () => {
	it.each(["a", "a.b", "*", ">", "a.*.>", "edge1.can.vehicle", "Größe", "a*", "$x"])("takes %j", (subject) => {
		expect(isSubject(subject)).toBe(true);
	});

	it.each(["", ".", "a.", ".a", "a..b", "a.>.b", ">.a", "a b", "a\tb", "a.\n", "a\u0000", "a\u00a0b"])(
		"refuses %j",
		(subject) => {
			expect(isSubject(subject)).toBe(false);
		},
	);

	it("tells literals from patterns", () => {
		expect(["a.b", "a.*", "a.>", "a..b"].map(isLiteral)).toEqual([true, false, false, false]);
	});
});

describe("tokenCount", () => {
	it("counts wildcards as tokens", () => {
		expect(["a", "a.b.c", "a.*.>"].map(tokenCount)).toEqual([1, 3, 3]);
	});
});

describe("prefixed", () => {
	it.each([
		["vehicle.>", "edge1.can.vehicle.>"],
		["vehicle.speed", "edge1.can.vehicle.speed"],
		["a.*.b.*.>", "edge1.can.a.{{wildcard(1)}}.b.{{wildcard(2)}}.>"],
	])("keeps what %s matches", (accepts, expected) => {
		expect(prefixed("edge1.can", accepts)).toBe(expected);
	});

	it("puts the prefix before every subject that the pattern matches, and touches no other", () => {
		fc.assert(
			fc.property(pattern, fc.constantFrom(...LITERALS), (src, subject) => {
				const stored = transform(subject, { src, dest: prefixed("edge1.can", src) });
				expect(stored).toBe(matches(subject, src) ? `edge1.can.${subject}` : undefined);
			}),
		);
	});
});

describe("transform", () => {
	it("drops what no wildcard of the destination names", () => {
		expect(transform("truck2.can.forged.x", { src: "*.*.>", dest: "edge1.can.>" })).toBe("edge1.can.forged.x");
		expect(transform("a.b", { src: "*.*", dest: "edge1.can.stray" })).toBe("edge1.can.stray");
		expect(transform("a", { src: "*.*", dest: "edge1.can.stray" })).toBeUndefined();
	});
});
