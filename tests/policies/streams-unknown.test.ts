import { describe, it } from "vitest";
import { UNKNOWN } from "../../policies/model";
import { changed, expectCompliant, expectUnknown, source } from "./breaks";

describe("what is unknown", () => {
	it.each([
		["hub_can", "subjects", "subjects of hub_can"],
		["hub_can", "retention", "retention of hub_can"],
		["hub_can", "discard", "discard of hub_can"],
		["hub_can", "num_replicas", "num_replicas of hub_can"],
		["hub_can", "max_msgs", "limits of hub_can"],
		["hub_can", "max_bytes", "max_bytes of hub_can"],
		["hub_can", "max_age", "max_age of hub_can"],
		["hub_can", "max_msg_size", "max_msg_size of hub_can"],
		["hub_can", "duplicate_window", "duplicate_window of hub_can"],
		["hub_can", "sources", "sources of hub_can"],
		["hub_can", "mirror", "sources of hub_can"],
		["hub_can", "subject_transform", "subject_transform of hub_can"],
		["hub_can", "republish", "what flows through hub_can"],
		["edge1_can", "name", "name of edge1_can on edge1"],
		["edge1_can", "subjects", "subjects of edge1_can on edge1"],
		["edge1_can", "subject_transform", "subjects of edge1_can on edge1"],
		["edge1_can", "storage", "storage of edge1_can on edge1"],
		["edge1_can", "max_age", "max_age of edge1_can on edge1"],
		["edge1_can", "persist_mode", "persist_mode of edge1_can on edge1"],
	])("%s: %s", (name, field, message) => {
		expectUnknown(changed(name, { [field]: UNKNOWN }, { state: { messages: 1, bytes: 1 } }), message);
	});

	it("does not matter where no rule needs it", () => {
		expectCompliant(changed("edge1_can", { duplicate_window: UNKNOWN }));
	});

	it("a domain, and a part of a source", () => {
		expectUnknown(changed("edge1_can", {}, { domain: UNKNOWN }), "domain of edge1_can on edge1");
		const half = { ...source("edge1_can", "edge1"), external: { api: UNKNOWN, deliver: "deliver.edge1" } };
		expectUnknown(changed("hub_can", { sources: [half] }), "sources of hub_can");
	});
});
