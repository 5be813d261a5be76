import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generate } from "./generate";
import { shrink } from "./shrink";

describe("a list that fails", () => {
	const numbers = fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 30 });

	it("is shortened to what makes it fail, in its order", async () => {
		const guilty = numbers.chain((list) => fc.tuple(fc.constant(list), fc.subarray(list, { minLength: 1 })));
		await fc.assert(
			fc.asyncProperty(guilty, async ([list, needed]) => {
				const fails = async (part: readonly number[]) => needed.every((each) => part.includes(each));
				expect(await shrink(list, fails, 10_000)).toEqual(needed);
			}),
		);
	});

	it("stays as it was seen to fail when the tries are used up", async () => {
		await fc.assert(
			fc.asyncProperty(numbers, fc.nat(20), async (list, tries) => {
				let used = 0;
				const failed: (readonly number[])[] = [list];
				const fails = async (part: readonly number[]) => {
					used++;
					if (part.length % 2 === 0) return false;
					failed.push(part);
					return true;
				};
				const found = await shrink(list, fails, tries);
				expect(used).toBeLessThanOrEqual(tries);
				expect(failed).toContain(found);
			}),
		);
	});
});

describe("a scenario", () => {
	it("follows from its seed, and can be written down", () => {
		fc.assert(
			fc.property(fc.nat(), (seed) => {
				const made = generate(seed);
				expect(JSON.parse(JSON.stringify(made))).toEqual(generate(seed));
			}),
		);
	});

	it("has none of the kinds that are left out, and of a single node none that needs three", () => {
		fc.assert(
			fc.property(fc.nat(), (seed) => {
				const kinds = generate(seed, { nodes: 1, steps: 50, without: ["wipe", "up"] }).steps.map((step) => step.do);
				for (const kind of ["wipe", "up", "replace-node", "step-down"] as const) expect(kinds).not.toContain(kind);
			}),
		);
	});
});
