import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../policies/model";
import { sourcingConsumer } from "../../topology/edge";
import { programDenials } from "../../topology/program-permissions";
import { added, type Broken, changed, expectBroken, expectCompliant, expectUnknown, foreign } from "./breaks";
import { compliantDesign, ephemeralTopology, withStream } from "./fixture";
import { withConf } from "./hub-fixture";

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

describe("a class that refuses when it is full", () => {
	const ephemeral = compliantDesign(ephemeralTopology());
	const refuses = { critical: true, config: { discard: "new", max_age: 0 } };

	it("and whose stream on the device has no consumer that tells what the hub has", () => {
		const other = { ...sourcingConsumer("edge1", "can", 100), durable_name: "mine" };
		for (const consumers of [{}, { mine: other }]) {
			expectBroken(
				withStream(ephemeral, "edge1_can", () => ({ ...refuses, consumers })),
				{
					rule: "refusing-class-is-sourced-durably",
					at: "edge1_can on edge1",
					message:
						"edge1_can on edge1 has discard new and no durable consumer hub: nobody there knows what the hub has, and once it " +
						"is full it refuses for ever",
				},
			);
		}
	});

	it("one that drops its oldest needs none", () => expectCompliant(ephemeral));
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

	const { publish, subscribe } = programDenials("edge1", { uplinks: ["can", "debug"], downlinks: ["commands"] });
	const own = { users: [{ nkey: "UD", permissions: { publish: { deny: publish }, subscribe: { deny: subscribe } } }] };
	it.each([
		["no accounts", undefined, "default account"],
		["a system account only", { $SYS: { users: [] } }, "default account"],
		["an account that says nothing of it", { EDGE: { ...own, jetstream: "enabled" } }, "account EDGE"],
		["an account that says no", { EDGE: { ...own, JetStream: { max_bytes_required: false } } }, "account EDGE"],
		[
			"one of two accounts",
			{ EDGE: { ...own, jetstream: { max_bytes: true } }, OTHER: { jetstream: { max_file: "1GiB" } } },
			"account OTHER",
		],
	])("a device that takes streams without a limit: %s", (_name, accounts, found) => {
		expectBroken(withConf("edge1", { accounts }), {
			rule: "device-streams-state-max-bytes",
			at: "edge1",
			message: `edge1 takes streams without max_bytes in its ${found}: one takes the room of all`,
		});
	});

	it.each([
		[
			"another account without JetStream",
			{ accounts: { EDGE: { jetstream: { Max_Bytes_Required: true } }, OTHER: own } },
		],
		["no JetStream", { accounts: undefined, jetstream: undefined }],
		["no JetStream in a word", { accounts: undefined, jetstream: "disabled" }],
	])("a device may have %s", (_name, change) => expectCompliant(withConf("edge1", change)));

	it("a device's accounts that are not known", () => {
		expectUnknown(withConf("edge1", { accounts: UNKNOWN }), "accounts of edge1");
		const accounts = { EDGE: { jetstream: { max_bytes_required: UNKNOWN } } };
		expectUnknown(withConf("edge1", { accounts }), "accounts of edge1");
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
