import fc from "fast-check";
import { expect, test } from "vitest";
import type { StreamSource } from "../../topology/jetstream";
import { changedIdentities, describeChange, identityChanges, sourceIdentity } from "../../topology/source-identity";

const durable: StreamSource = {
	name: "edge1_can",
	subject_transforms: [{ src: "*.*.>", dest: "edge1.can.>" }],
	external: { api: "$JS.edge1.API", deliver: "" },
	consumer: { name: "hub", deliver_subject: "deliver.edge1.can" },
};

const source = fc.record(
	{
		name: fc.constantFrom("edge1_can", "edge2_can"),
		opt_start_seq: fc.constantFrom(1, 17),
		filter_subject: fc.constantFrom("", ">", "a.>"),
		subject_transforms: fc.constantFrom([], [{ src: ">", dest: "a.>" }], [{ src: "*", dest: "b" }]),
		external: fc.constantFrom(
			{ api: "$JS.edge1.API", deliver: "" },
			{ api: "$JS.edge1.API", deliver: "deliver.edge1" },
		),
		consumer: fc.constantFrom({ name: "hub", deliver_subject: "x" }, { name: "hub", deliver_subject: "y" }),
	},
	{ requiredKeys: ["name"] },
) as fc.Arbitrary<StreamSource>;

test("two sources have one identity exactly when nothing of it is to change", () => {
	fc.assert(
		fc.property(source, source, (a, b) => {
			expect(identityChanges(a, b).length === 0).toBe(sourceIdentity(a) === sourceIdentity(b));
			expect(identityChanges(a, a)).toEqual([]);
		}),
	);
});

test.each([
	["where it is delivered", { consumer: { name: "hub", deliver_subject: "elsewhere" } }],
	["where it was told to start", { opt_start_seq: 17 }],
	["an external delivery prefix", { external: { api: "$JS.edge1.API", deliver: "deliver.edge1" } }],
	["a filter beside transforms", { filter_subject: "edge1.can.>" }],
])("%s is no part of it", (_, change) => {
	expect(identityChanges(durable, { ...durable, ...change })).toEqual([]);
});

test("what changes is told field by field, and whether the place can be kept", () => {
	const { consumer: _, ...ordinary } = durable;
	const two = [...(durable.subject_transforms ?? []), { src: "*.*", dest: "edge1.can" }];
	const other = { api: "$JS.edge9.API", deliver: "" };
	const told = (next: StreamSource) =>
		changedIdentities({ edge1_can: durable }, { edge1_can: next, edge2_can: next }).map(
			(change) => `${describeChange(change)}${change.movable ? "" : ", lost"}`,
		);
	expect(told(ordinary)).toEqual(["consumer.name from hub to nothing"]);
	expect(told({ ...durable, subject_transforms: two })).toEqual([
		"subject_transforms from *.*.> → edge1.can.> to *.*.> → edge1.can.>, *.* → edge1.can",
	]);
	expect(told({ ...durable, external: other })).toEqual(["external.api from $JS.edge1.API to $JS.edge9.API, lost"]);
});
