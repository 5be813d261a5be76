import { describe, it } from "vitest";
import { type Design, UNKNOWN } from "../../policies/model";
import { expectBroken, expectCompliant, expectUnknown } from "./breaks";
import { compliantDesign, withStream } from "./fixture";

/** The compliant design with one consumer changed; `undefined` takes a field out, or the whole consumer. */
function withConsumer(
	stream: string,
	name: string,
	change: Record<string, unknown> | typeof UNKNOWN | undefined,
): Design {
	return withStream(compliantDesign(), stream, ({ consumers }) => {
		const { [name]: old, ...others } = consumers;
		if (old === undefined || old === UNKNOWN) throw new Error(`${stream} has no consumer ${name}`);
		if (change === undefined) return { consumers: others };
		return { consumers: { ...others, [name]: change === UNKNOWN ? UNKNOWN : { ...old, ...change } } };
	});
}

describe("consumers", () => {
	it.each([
		["hub_can", "lake", "hub_can"],
		["edge1_can", "hub", "edge1_can on edge1"],
	])("on %s, %s does not say where it starts", (stream, name, at) => {
		expectBroken(withConsumer(stream, name, { deliver_policy: undefined }), {
			rule: "consumer-states-deliver-policy",
			at,
			message: `consumer ${name} on ${at} has no deliver_policy, which is all: whenever it is made anew, everything is replayed`,
		});
	});
});

describe("durable sources", () => {
	it("whose consumer is missing", () => {
		expectBroken(withConsumer("edge1_debug", "hub", undefined), {
			rule: "durable-source-has-its-consumer",
			at: "hub_debug",
			message: "hub_debug sources edge1_debug through consumer hub, which is not declared there: nothing arrives",
		});
		expectBroken(withConsumer("hub_commands", "edge2", undefined), {
			rule: "durable-source-has-its-consumer",
			at: "edge2_commands on edge2",
			message:
				"edge2_commands on edge2 sources hub_commands through consumer edge2, which is not declared there: nothing arrives",
		});
	});

	it("whose consumer delivers elsewhere", () => {
		expectBroken(withConsumer("edge1_can", "hub", { deliver_subject: "deliver.edge1.gps" }), {
			rule: "sourcing-consumer-delivers-to-its-source",
			at: "edge1_can on edge1",
			message:
				"consumer hub on edge1_can on edge1 delivers to deliver.edge1.gps, and hub_can listens on deliver.edge1.can: " +
				"nothing arrives",
		});
	});

	it("with another ack policy", () => {
		expectBroken(withConsumer("edge1_can", "hub", { ack_policy: "explicit" }), {
			rule: "sourcing-consumer-acks-by-flow-control",
			at: "edge1_can on edge1",
			message:
				"consumer hub on edge1_can on edge1 has ack_policy explicit: the server does not source through it, and nothing arrives",
		});
	});

	it.each([
		[undefined, "no max_ack_pending: it is 1000, whatever the link can carry, and alarms may wait behind it"],
		[-1, "max_ack_pending -1: the server refuses to make it, and nothing arrives"],
		[10_001, "max_ack_pending 10001, more than 10000: a backlog may fill the link, and alarms wait behind it"],
	])("with a window of %s", (max_ack_pending, has) => {
		expectBroken(withConsumer("edge1_can", "hub", { max_ack_pending }), {
			rule: "sourcing-consumer-window-is-bounded",
			at: "edge1_can on edge1",
			message: `consumer hub on edge1_can on edge1 has ${has}`,
		});
	});

	it("whose flow control and heartbeat are left to the server, which adds them", () => {
		expectCompliant(withConsumer("edge1_can", "hub", { flow_control: undefined, idle_heartbeat: undefined }));
	});

	it("whose consumer starts late", () => {
		expectBroken(withConsumer("hub_commands", "edge1", { deliver_policy: "new" }), {
			rule: "sourcing-consumer-delivers-all",
			at: "hub_commands",
			message:
				"consumer edge1 on hub_commands has deliver_policy new: what was stored before it was made never arrives",
		});
	});

	it.each([
		["all of it", UNKNOWN, "consumer hub on edge1_can on edge1"] as const,
		["its window", { max_ack_pending: UNKNOWN }, "consumer hub on edge1_can on edge1"] as const,
		["its start", { deliver_policy: UNKNOWN }, "deliver_policy of consumer hub on edge1_can on edge1"] as const,
	])("whose consumer is unknown: %s", (_name, change, message) => {
		expectUnknown(withConsumer("edge1_can", "hub", change), message);
	});
});
