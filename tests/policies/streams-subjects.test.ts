import { describe, expect, it } from "vitest";
import { added, changed, expectBroken, expectCompliant, foreign } from "./breaks";
import { compliantDesign } from "./fixture";

describe("subjects", () => {
	it("captured twice in a domain", () => {
		expectBroken(added(foreign("tap", "edge1", { subjects: ["edge1.can.speed"] })), {
			rule: "subjects-disjoint-in-domain",
			at: "tap",
			message:
				"tap captures edge1.can.speed, which overlaps edge1.can.> of edge1_can on edge1: the server refuses to make " +
				"the second of the two",
		});
	});

	it("of a stream that states none are its name", () => {
		expectBroken(added(foreign("orders", "shop"), foreign("more", "shop", { subjects: ["orders"] })), {
			rule: "subjects-disjoint-in-domain",
			at: "orders",
			message:
				"orders captures orders, which overlaps orders of more: the server refuses to make the second of the two",
		});
		expectCompliant(added(foreign("orders", "shop"), foreign("more", "shop", { subjects: ["more.>"] })));
		const copy = { sources: [{ name: "orders", opt_start_seq: 1 }] };
		expectCompliant(added(foreign("orders", "shop"), foreign("more", "shop", copy)));
	});

	it("stored by a device and by the hub", () => {
		expectBroken(added(foreign("tap", "hub", { subjects: ["*.can.speed.front"] })), {
			rule: "subjects-disjoint-across-domains",
			at: "tap",
			message:
				"tap stores *.can.speed.front, which overlaps edge1.can.> of edge1_can on edge1 in domain edge1: while the link is up, " +
				"one message is stored by both",
		});
	});

	it("accepted on every device and put under its prefix is no overlap; without the transform it is", () => {
		expect(
			compliantDesign().streams.filter(({ config }) => JSON.stringify(config.subjects)?.includes("vehicle.>")),
		).toHaveLength(3);
		expectBroken(
			added(foreign("a", "edge1", { subjects: ["gps.>"] }), foreign("b", "edge2", { subjects: ["gps.*"] })),
			{
				rule: "subjects-disjoint-across-domains",
				at: "b",
				message:
					"b stores gps.*, which overlaps gps.> of a in domain edge1: while the link is up, one message is stored by both",
			},
		);
	});

	it("outside the device's prefix", () => {
		expectBroken(changed("edge1_can", { subjects: ["edge1.can.>", "vehicle.>", "truck2.can.>"] }), {
			rule: "edge-subjects-under-device-prefix",
			at: "edge1_can on edge1",
			message: "edge1_can on edge1 stores truck2.can.>, which is not under edge1.can.>: the hub takes it for another's",
		});
	});

	it("accepted, but put under another prefix", () => {
		expectBroken(changed("edge1_can", { subject_transform: { src: "vehicle.>", dest: "edge9.can.vehicle.>" } }), {
			rule: "edge-subjects-under-device-prefix",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 stores edge9.can.vehicle.>, which is not under edge1.can.>: the hub takes it for another's",
		});
	});

	it("too deep with the device and the class before it, and just not", () => {
		const accepted = (tokens: number) => {
			const pattern = `vehicle.${"a.".repeat(tokens - 2)}>`;
			return changed("edge1_can", {
				subjects: ["edge1.can.>", pattern],
				subject_transform: { src: pattern, dest: `edge1.can.${pattern}` },
			});
		};
		expectBroken(accepted(15), {
			rule: "subject-depth",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 stores edge1.can.vehicle.a.a.a.a.a.a.a.a.a.a.a.a.a.>, which has 17 tokens: more than 16 make " +
				"every match slow",
		});
		expectCompliant(accepted(14));
	});

	it("with a token that varies before a fixed one", () => {
		const transform = { src: "vehicle.*.speed", dest: "edge1.can.vehicle.{{wildcard(1)}}.speed" };
		expectBroken(changed("edge1_can", { subjects: ["edge1.can.>", "vehicle.*.speed"], subject_transform: transform }), {
			rule: "subject-ids-come-late",
			severity: "advisory",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 captures vehicle.*.speed, where a token that varies stands before a fixed one: filters and " +
				"the index of subjects grow with it",
		});
	});

	it("that take in what is on its way to the hub", () => {
		expectBroken(added(foreign("audit", "hub", { subjects: ["deliver.*.can"] })), {
			rule: "delivery-is-not-captured",
			at: "audit",
			message:
				"audit captures deliver.*.can, which takes in deliver.edge1.can, where hub_can gets its messages: each is stored " +
				"once more on its way",
		});
	});
});
