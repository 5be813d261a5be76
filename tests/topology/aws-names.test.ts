import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namePrefix } from "../../topology/aws-names";

/** What the engine takes for the name of a stack. */
const STACK = fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/);

describe("names of an environment", () => {
	it.each([
		["prod", "leafline-prod--"],
		["prod-eu", "leafline-prod-2deu--"],
		["Prod", "leafline--50rod--"],
	])("of %s begin with %s", (environment, prefix) => {
		expect(namePrefix(environment)).toBe(prefix);
	});

	it("never begin as another environment's do", () => {
		fc.assert(
			fc.property(STACK, STACK, (a, b) => {
				fc.pre(a !== b);
				expect(namePrefix(a).startsWith(namePrefix(b))).toBe(false);
			}),
		);
	});

	it("nor do those of names that begin alike", () => {
		fc.assert(
			fc.property(STACK, fc.stringMatching(/^[-_.A-Za-z0-9]{1,20}$/), (a, rest) => {
				expect(namePrefix(a + rest).startsWith(namePrefix(a))).toBe(false);
			}),
		);
	});

	it("are what a bucket's, a topic's, an alarm's and a document's may be", () => {
		fc.assert(
			fc.property(STACK, (environment) => {
				// AWS appends 26 characters to the prefix of a bucket, and a bucket has 63.
				expect(namePrefix(environment)).toMatch(/^[a-z0-9][a-z0-9-]{0,36}$/);
			}),
		);
	});
});
