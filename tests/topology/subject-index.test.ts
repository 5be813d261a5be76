import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subjectIndex } from "../../topology/subject-index";
import { isSubject, overlaps, transformed } from "../../topology/subjects";

const token = fc.constantFrom("a", "b", "c", "*");
const subject = fc
	.tuple(fc.array(token, { minLength: 1, maxLength: 4 }), fc.boolean())
	.map(([tokens, open]) => [...tokens, ...(open ? [">"] : [])].join("."))
	.filter(isSubject);
const entry = fc.record({ subject, group: fc.constantFrom("x", "y", "z") });

/** Every literal subject of up to six tokens of an alphabet that has one more letter than the patterns. */
function literals(): string[] {
	const all: string[][] = [[]];
	for (let from = 0, length = 0; length < 5; length++) {
		const end = all.length;
		for (; from < end; from++) for (const each of ["a", "b", "c", "d"]) all.push([...(all[from] ?? []), each]);
	}
	return all.slice(1).map((tokens) => tokens.join("."));
}

function matches(pattern: string, literal: string): boolean {
	const regex = pattern.replace(/\./g, "\\.").replace(/\*/g, "[^.]+").replace(/>$/, ".+");
	return new RegExp(`^${regex}$`).test(literal);
}

describe("subjectIndex", () => {
	const LITERALS = literals();

	it("finds what brute force finds", () => {
		fc.assert(
			fc.property(fc.array(entry, { maxLength: 8 }), entry, (entries, asked) => {
				const index = subjectIndex<number>();
				entries.forEach((each, i) => {
					index.add(each.subject, each.group, i);
				});
				const own = LITERALS.filter((literal) => matches(asked.subject, literal));
				const meets = (pattern: string) => own.some((literal) => matches(pattern, literal));
				const expected = entries.flatMap((each, i) => (meets(each.subject) ? [i] : []));
				const found = index.overlapping(asked.subject).map(({ value }) => value);
				expect(found.sort((a, b) => a - b)).toEqual(expected);
				const conflict = index.conflict(asked.subject, asked.group);
				expect(conflict !== undefined).toBe(expected.some((i) => entries[i]?.group !== asked.group));
				if (conflict !== undefined) {
					expect(conflict.group).not.toBe(asked.group);
					expect(overlaps(conflict.subject, asked.subject)).toBe(true);
				}
			}),
			{ numRuns: 150 },
		);
	});
});

it("does not compare each with each where the first token varies", () => {
	const index = subjectIndex<number>();
	const count = 20_000;
	for (let i = 0; i < count; i++) {
		index.add(`device${i}.can.>`, String(i), i);
	}
	const started = process.cpuUsage();
	for (let i = 0; i < count; i++) {
		expect(index.conflict(`*.class${i}.>`, "x") ?? index.conflict(`device${i}`, "x")).toBeUndefined();
		index.add(`*.class${i}.>`, "x", i);
	}
	const { user, system } = process.cpuUsage(started);
	expect((user + system) / 1000).toBeLessThan(2000);
	expect(index.conflict("*.can.speed", "x")?.value).toBe(0);
});

describe("transformed", () => {
	it.each([
		["vehicle.>", { src: "vehicle.>", dest: "edge1.can.vehicle.>" }, ["edge1.can.vehicle.>"]],
		["a.*", { src: "a.*", dest: "b.{{wildcard(1)}}" }, ["b.*"]],
		["a.x", { src: "a.*", dest: "b.$1" }, ["b.x"]],
		["a.x", { src: "a.*", dest: "b.{{partition(3,1)}}" }, ["b.*"]],
		["a.x", { src: "a.*", dest: "b.{{split(1,-)}}.c" }, ["b.>"]],
		[">", { src: "a.>", dest: "b.>" }, ["b.>"]],
		["c.>", { src: "a.>", dest: "b.>" }, []],
	])("%s by %o", (pattern, rule, expected) => {
		expect(transformed(pattern, rule)).toEqual(expected);
	});
});
