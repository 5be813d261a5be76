import { describe, expect, it } from "vitest";
import { type Design, UNKNOWN } from "../../policies/model";
import type { StreamSource } from "../../topology/jetstream";
import { added, type Broken, changed, expectBroken, expectCompliant, expectUnknown, foreign, source } from "./breaks";
import { compliantDesign } from "./fixture";

const DAY = 86_400_000_000_000;

const fields: [string, Record<string, unknown>, Broken][] = [
	[
		"edge1_can",
		{ retention: "workqueue" },
		{
			rule: "stream-retention-is-limits",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 has retention workqueue, and takes part in sourcing: messages are deleted before everyone " +
				"who should has read them",
		},
	],
	[
		"hub_can",
		{ retention: "interest" },
		{
			rule: "stream-retention-is-limits",
			at: "hub_can",
			message:
				"hub_can has retention interest, and takes part in sourcing: messages are deleted before everyone who should " +
				"has read them",
		},
	],
	[
		"hub_can",
		{ subjects: ["lab.>", "test.*"] },
		{
			rule: "hub-stream-that-sources-captures-nothing",
			at: "hub_can",
			message:
				"hub_can sources 3 streams and also captures lab.>, test.*: what is published while a device is online is stored twice",
		},
	],
	[
		"edge1_can",
		{ max_bytes: -1 },
		{
			rule: "stream-has-max-bytes",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 has no max_bytes: it grows until the server's disk is full and every stream on it refuses",
		},
	],
	[
		"edge1_can",
		{ max_age: 7 * DAY },
		{
			rule: "critical-edge-stream-has-no-max-age",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 holds a critical class and has max_age 7d: a clock that was wrong deletes messages that the " +
				"hub does not have",
		},
	],
	[
		"edge1_debug",
		{ max_age: 0 },
		{
			rule: "uncritical-edge-stream-has-max-age",
			at: "edge1_debug on edge1",
			message:
				"edge1_debug on edge1 holds a class that drops its oldest and has no max_age: after a long outage stale messages " +
				"come first",
		},
	],
	[
		"hub_debug",
		{ max_age: 0 },
		{
			rule: "hub-stream-has-max-age",
			at: "hub_debug",
			message: "hub_debug has no max_age: once it is full nothing makes room, and the devices fill up behind it",
		},
	],
	[
		"edge1_can",
		{ storage: "memory" },
		{
			rule: "critical-class-on-file",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 holds a critical class and has storage memory: a restart of its server loses everything in it",
		},
	],
	[
		"hub_can",
		{ num_replicas: 1 },
		{
			rule: "production-hub-is-replicated",
			at: "hub_can",
			message:
				"hub_can has num_replicas 1 on a production hub: the loss of one volume loses what the devices have deleted",
		},
	],
	[
		"edge1_debug",
		{ num_replicas: 3 },
		{
			rule: "replicas-fit-servers",
			at: "edge1_debug on edge1",
			message:
				"edge1_debug on edge1 has num_replicas 3, and there is one server: the server refuses it, or accepts it and loses " +
				"the stream at its next restart",
		},
	],
	[
		"hub_can",
		{ duplicate_window: 120_000_000_000 },
		{
			rule: "hub-has-no-duplicate-window",
			at: "hub_can",
			message: "hub_can has duplicate_window 2m: messages of two devices with the same Nats-Msg-Id count as one",
		},
	],
	[
		"hub_can",
		{ duplicate_window: undefined },
		{
			rule: "hub-has-no-duplicate-window",
			at: "hub_can",
			message:
				"hub_can has no duplicate_window, which is 2m: messages of two devices with the same Nats-Msg-Id count as one",
		},
	],
	[
		"edge1_can",
		{ persist_mode: "async" },
		{
			rule: "persist-mode-is-not-async",
			at: "edge1_can on edge1",
			message: "edge1_can on edge1 has persist_mode async: what was acknowledged is lost when the server crashes",
		},
	],
	[
		"edge1_can",
		{ discard: "old" },
		{
			rule: "critical-class-refuses-when-full",
			severity: "advisory",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 holds a critical class and has discard old: when it is full, the oldest messages are deleted, " +
				"also those that nobody has read",
		},
	],
	[
		"hub_can",
		{ max_msg_size: 65_536 },
		{
			rule: "hub-stream-takes-any-size",
			at: "hub_can",
			message:
				"hub_can has max_msg_size 64KiB and sources: one message that is larger, headers included, stops its source for ever",
		},
	],
];

describe("one field broken", () => {
	it.each(fields)("%s with %o", (name, config, broken) => {
		expectBroken(changed(name, config), broken);
	});
});

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

	it("stored by a device and by the hub", () => {
		expectBroken(added(foreign("tap", "hub", { subjects: ["*.can.speed"] })), {
			rule: "subjects-disjoint-across-domains",
			at: "tap",
			message:
				"tap stores *.can.speed, which overlaps edge1.can.> of edge1_can on edge1 in domain edge1: while the link is up, " +
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

describe("sources", () => {
	const ordinary = (change: (source: StreamSource, i: number) => object): Design =>
		changed("hub_can", {
			sources: ["edge1", "edge2", "edge3"].map((device, i) => {
				const transforms = [
					{ src: "*.*.>", dest: `${device}.can.>` },
					{ src: "*.*", dest: `${device}.can.stray` },
					{ src: "*", dest: `${device}.can.stray` },
				];
				const whole = { ...source(`${device}_can`, device), subject_transforms: transforms };
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
		["none", undefined, "intruder.can"],
		["a narrow one", [{ src: "edge1.>", dest: "edge1.can.>" }], "intruder.can"],
		["one that forgets short subjects", [{ src: "*.*.>", dest: "edge1.can.>" }], "intruder.can"],
		["one to another device", [{ src: ">", dest: "edge2.can.>" }], "edge2.can.intruder.can"],
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
});

describe("names", () => {
	it.each([
		["hub", ["edge1", "hub"]],
		["edge2", ["edge1", "edge2"]],
	])("of a device's stream on %s as well", (domain, [first, second]) => {
		expectBroken(added(foreign("edge1_can", domain)), {
			rule: "stream-name-is-unique",
			at: "edge1_can",
			message:
				`edge1_can is the name of a stream in ${first} and in ${second}: flow control, permissions and the header that ` +
				"names the origin cannot tell them apart",
		});
	});
});

describe("room", () => {
	it("limits above max_file", () => {
		expectBroken(changed("edge1_can", { max_bytes: 6 * 1024 ** 3 }), {
			rule: "buffers-fit-max-file",
			at: "edge1_can on edge1",
			message: expect.stringMatching(
				/^the streams of edge1 may take 9.8GiB on a server, and its max_file is 5GiB \(edge1_can on edge1 takes most\): all of them refuse before they reach their own limits$/,
			) as unknown as string,
		});
	});

	it.each([
		["a number", 6 * 1024 ** 3, "6GiB"],
		["a text", "6GiB", "6GiB"],
		["a text in thousands", "6G", "5.6GiB"],
	])("max_file as %s above the disk", (_name, max_file, size) => {
		const design = compliantDesign();
		const servers = design.servers.map((server) => {
			const conf = { ...(server.conf as object), jetstream: { domain: "edge1", max_file } };
			return server.origin.label === "edge1" ? { ...server, conf, diskBytes: 5 * 1024 ** 3 } : server;
		});
		const only = { ...design, servers };
		expectBroken(only, {
			rule: "max-file-fits-disk",
			at: "edge1",
			message: `edge1 has max_file ${size}, and its disk has 5GiB: the disk fills up and JetStream shuts down`,
		});
	});

	it("limits below what is stored", () => {
		const state = { messages: 10, bytes: 1024 ** 4 };
		const design = compliantDesign();
		const streams = design.streams.map((stream) => (stream.config.name === "hub_can" ? { ...stream, state } : stream));
		const limit = streams.find(({ config }) => config.name === "hub_can")?.config.max_bytes;
		expect(limit).toBeLessThan(state.bytes);
		expectBroken(
			{ ...design, streams },
			{
				rule: "limits-not-below-stored",
				severity: "advisory",
				at: "hub_can",
				message: expect.stringMatching(
					/^hub_can would have max_bytes .*, and it holds 1TiB: the server deletes its oldest messages at once$/,
				) as unknown as string,
			},
		);
		const full = changed("hub_can", { max_msgs: 9 }, { state: { messages: 10, bytes: 1 } });
		expectBroken(full, {
			rule: "limits-not-below-stored",
			severity: "advisory",
			at: "hub_can",
			message: "hub_can would have max_msgs 9, and it holds 10 messages: the server deletes the oldest of them at once",
		});
	});
});

describe("MQTT", () => {
	it("feeds a class that refuses", () => {
		expectBroken(changed("edge1_can", {}, { mqtt: true }), {
			rule: "mqtt-feeds-no-refusing-class",
			at: "edge1_can on edge1",
			message:
				"edge1_can on edge1 has discard new and is fed by MQTT: when it is full, publishers get an acknowledgement for " +
				"what is lost",
		});
	});
});

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
