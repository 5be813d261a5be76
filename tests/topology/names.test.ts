import { describe, expect, it } from "vitest";
import { DEVICE } from "../../config/names";
import * as names from "../../topology/names";

describe("names that are a contract", () => {
	it("are spelled as the documentation has them", () => {
		expect({
			edgeStream: names.edgeStreamName("edge1", "platformworker"),
			edgeSubjects: names.edgeSubjects("edge1", "platformworker"),
			hubStream: names.hubStreamName("platformworker"),
			secondShard: names.hubStreamName("platformworker", 2),
			hundredthShard: names.hubStreamName("platformworker", 100),
			deliver: names.deliverSubject("edge1", "platformworker"),
			deliverPrefix: names.deliverPrefix("edge1"),
			api: names.apiPrefix("edge1"),
			down: names.downSubjects("commands"),
			downFilter: names.downFilter("edge1", "commands"),
			downDeliver: names.downDeliverSubject("edge1", "commands"),
			downConsumer: names.downConsumerName("edge1"),
			domain: names.deviceDomain("edge1"),
			group: names.edgeGroupKey("north"),
			secondGroup: names.edgeGroupKey("north", 2),
		}).toEqual({
			edgeStream: "edge1_platformworker",
			edgeSubjects: "edge1.platformworker.>",
			hubStream: "hub_platformworker",
			secondShard: "hub_platformworker_02",
			hundredthShard: "hub_platformworker_100",
			deliver: "deliver.edge1.platformworker",
			deliverPrefix: "deliver.edge1",
			api: "$JS.edge1.API",
			down: "down.*.commands.>",
			downFilter: "down.edge1.commands.>",
			downDeliver: "dl.edge1.commands",
			downConsumer: "edge1",
			domain: "edge1",
			group: "north",
			secondGroup: "north_02",
		});
	});

	it("take every name that config/ takes for a device, and refuse every one that is reserved", () => {
		expect(["edge1", "truck-001", "007", "true", "1e5"].every(names.isDeviceName)).toBe(true);
		expect(["Edge1", "a.b", "a_b", "", "hub", "a b", "*", "ä"].some(names.isDeviceName)).toBe(false);
		for (const reserved of names.RESERVED_DEVICES) expect(Object.keys(DEVICE.reserved)).toContain(reserved);
	});

	it("refuse a class that could be a shard's name", () => {
		expect(["can", "can2"].every(names.isClassName)).toBe(true);
		expect(["can_02", "2can", "", "Can", "can.x", "*"].some(names.isClassName)).toBe(false);
	});
});

describe("whose a subject on the hub is", () => {
	it.each([
		["truck2.can.vehicle.speed", "truck2"],
		["truck2.can.x", "truck2"],
		["truck2.can", undefined],
		["truck2", undefined],
		["truck2.can.*", undefined],
		["truck2.can.>", undefined],
		["truck2.can..x", undefined],
		["truck2.can.", undefined],
		[".can.x", undefined],
		["*.can.x", undefined],
	])("%s: %s", (subject, device) => {
		expect(names.deviceOfSubject(subject)).toBe(device);
	});
});
