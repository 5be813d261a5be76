import { describe, it } from "vitest";
import type { Design } from "../../policies/model";
import type { StreamSource } from "../../topology/jetstream";
import { changed, expectBroken, expectCompliant, source } from "./breaks";

describe("sources", () => {
	const ordinary = (change: (source: StreamSource, i: number) => object): Design =>
		changed("hub_can", {
			sources: ["edge1", "edge2", "edge3"].map((device, i) => {
				const whole = {
					...source(`${device}_can`, device),
					subject_transforms: [{ src: "*.*.>", dest: `${device}.can.>` }],
				};
				return { ...whole, ...change(whole, i) };
			}),
		});

	it("that are ordinary comply as well", () => {
		expectCompliant(ordinary(() => ({})));
	});

	it.each([
		[undefined, "without opt_start_seq"],
		[7, "with opt_start_seq 7"],
	])("that start at %s", (start, how) => {
		expectBroken(
			ordinary((_, i) => (i < 2 ? { opt_start_seq: start } : {})),
			{
				rule: "ordinary-source-starts-at-first",
				at: "hub_can",
				message: `hub_can sources edge1_can and edge2_can ${how}: what is stored there before the source is added may never arrive`,
			},
		);
	});

	it("without a deliver prefix", () => {
		expectBroken(
			ordinary(({ external }) => ({ external: { ...external, deliver: "" } })),
			{
				rule: "source-deliver-prefix",
				at: "hub_can",
				message:
					"hub_can sources edge1_can without a deliver prefix, and so do 2 more of its sources: the permissions of the " +
					"devices would have to let each of them publish on all deliveries",
			},
		);
	});

	it("with another device's deliver prefix, of which its own is a part", () => {
		const foreignPrefix = { external: { api: "$JS.edge1.API", deliver: "deliver.edge10" } };
		expectBroken(
			ordinary((_, i) => (i === 0 ? foreignPrefix : {})),
			{
				rule: "source-deliver-prefix",
				at: "hub_can",
				message:
					"hub_can has edge1_can delivered to deliver.edge10, which is not under deliver.edge1: its device may not publish " +
					"there, or takes another one's place",
			},
		);
	});

	it("without the domain of their stream", () => {
		expectBroken(
			ordinary((_, i) => (i === 0 ? { external: undefined } : {})),
			{
				rule: "source-names-its-domain",
				at: "hub_can",
				message:
					"hub_can takes edge1_can without external.api, but edge1_can is in domain edge1: nothing arrives, and no error says so",
			},
		);
	});

	it("with another domain", () => {
		const external = { api: "$JS.edge2.API", deliver: "deliver.edge2" };
		const transforms = [{ src: ">", dest: "edge2.can.>" }];
		expectBroken(
			ordinary((_, i) => (i === 0 ? { external, subject_transforms: transforms } : {})),
			{
				rule: "source-names-its-domain",
				at: "hub_can",
				message:
					"hub_can takes edge1_can with external.api $JS.edge2.API, but edge1_can is in domain edge1: nothing arrives, and " +
					"no error says so",
			},
		);
	});

	it.each([
		["none", undefined, "intruder.can.speed"],
		["a narrow one", [{ src: "edge1.>", dest: "edge1.can.>" }], "intruder.can.speed"],
		["one to another device", [{ src: ">", dest: "edge2.can.>" }], "edge2.can.intruder"],
	])("with transforms: %s", (_name, transforms, example) => {
		expectBroken(
			ordinary((_, i) => (i === 0 ? { subject_transforms: transforms } : {})),
			{
				rule: "source-keeps-device-prefix",
				at: "hub_can",
				message:
					`hub_can stores messages of edge1_can on any subject, for example ${example}: a device can write in another ` +
					"one's name",
			},
		);
	});

	it("in a stream that keeps a subject of two tokens as it came", () => {
		expectBroken(changed("hub_can", { subject_transform: undefined }), {
			rule: "source-keeps-device-prefix",
			at: "hub_can",
			message:
				"hub_can stores messages of edge1_can and 2 others on any subject, for example intruder.can: a device can write in " +
				"another one's name",
		});
	});

	it("with two transforms, whose header has a form feed", () => {
		const transforms = [
			{ src: "*.*.>", dest: "edge1.can.>" },
			{ src: "*.*", dest: "edge1.can" },
		];
		expectBroken(
			ordinary((_, i) => (i === 0 ? { subject_transforms: transforms } : {})),
			{
				rule: "source-has-one-transform",
				at: "hub_can",
				message:
					"hub_can sources edge1_can with several transforms, which stand in a header of every message with form feeds " +
					"between them: older clients read nothing",
				severity: "advisory",
			},
		);
	});
});
