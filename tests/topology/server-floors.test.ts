import { expect, test } from "vitest";
import { DEVICE_SERVER_FLOOR, deviceServerTrouble, isOlder } from "../../topology/server-floors";

test("versions are compared by their numbers", () => {
	expect(isOlder("2.14.4", "2.14.5")).toBe(true);
	expect(isOlder("2.9.10", "2.14.5")).toBe(true);
	expect(isOlder("2.14.5", "2.14.5")).toBe(false);
	expect(isOlder("2.15.0-RC.1", "2.14.5")).toBe(false);
	expect(isOlder("3.0", "2.14.5")).toBe(false);
});

test.each([
	["nats-server: v2.14.5\n", "2.14.5"],
	["2.14.5", "2.14.5"],
	["v2.9.25", "2.9.25"],
	["[7] 2026/11/26 18:20:25.788116 [INF]   Version:  2.14.4-RC.1", "2.14.4-RC.1"],
])("a device's server that says %j is too old", (told, version) => {
	const trouble = deviceServerTrouble(told);
	expect(trouble).toContain(`nats-server ${version} is too old for the hub`);
	expect(trouble).toContain(`install ${DEVICE_SERVER_FLOOR} or later`);
});

test.each([
	"nats-server: v2.15.0\n",
	"2.15.2+leafline.3",
	"nats-server: v3.0.0",
	"",
	"nats-server: development",
	"127.0.0.1",
])("%j will do, or says nothing", (told) => expect(deviceServerTrouble(told)).toBeUndefined());
