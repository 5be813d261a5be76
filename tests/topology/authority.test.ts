import { describe, expect, test } from "vitest";
import type { AuthorityRotation } from "../../config/model";
import { authorityStep } from "../../topology/authority";

const at = (rotation: number, stage: AuthorityRotation["stage"]): AuthorityRotation => ({ rotation, stage });

describe("an authority's way in and out", () => {
	test.each([
		[undefined, undefined, "nothing"],
		[undefined, at(1, "beside"), "make"],
		[at(1, "beside"), at(1, "signs"), "swap"],
		[at(1, "signs"), at(1, "beside"), "swap"],
		[at(1, "signs"), at(1, "alone"), "drop"],
		[at(1, "alone"), at(2, "beside"), "make"],
		[at(1, "alone"), at(1, "alone"), "nothing"],
	])("from %j to %j", (was, wanted, step) => {
		expect(authorityStep(was, wanted)).toBe(step);
	});

	test.each([
		[undefined, at(1, "signs"), "rotation 1, stage signs: no device knows the new authority yet"],
		[undefined, at(2, "beside"), "rotation 2, stage beside: no device knows the new authority yet"],
		[at(1, "beside"), at(1, "alone"), "rotation 1, stage alone: the old authority still signs the hub's certificate"],
		[at(1, "beside"), undefined, "rotation 0, stage alone: rotation 1 was done already"],
		[at(1, "signs"), at(2, "beside"), "rotation 2, stage beside: that of rotation 1 is not done"],
		[at(1, "alone"), at(1, "signs"), "rotation 1, stage signs: the authority before it is gone"],
		[at(2, "alone"), at(1, "alone"), "rotation 1, stage alone: rotation 2 was done already"],
	])("not from %j to %j", (was, wanted, message) => {
		expect(authorityStep(was, wanted)).toMatchObject({ message });
	});
});
