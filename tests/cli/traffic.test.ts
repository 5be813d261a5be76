import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chooseTraffic, decodePayload, encodePayload } from "../../cli/demo/traffic";
import type { LeaflineOutput } from "../../contract/outputs";
import { stackFixture } from "../contract/fixture";

const { leafline } = stackFixture();

function withClasses(classes: Record<string, Partial<LeaflineOutput["classes"][string]>>): LeaflineOutput {
	const base = leafline.classes.sensor;
	if (!base) throw new Error("the fixture has no class sensor");
	return {
		...leafline,
		classes: Object.fromEntries(Object.entries(classes).map(([name, it]) => [name, { ...base, ...it }])),
	};
}

test("the busiest class that takes what programs publish anyway", () => {
	const traffic = chooseTraffic(
		withClasses({ alarm: { rate: 1 }, can: { rate: 2000, accepts: [] }, gps: { rate: 10, accepts: ["gps.*.>"] } }),
	);
	expect([traffic.class, traffic.subject("edge1")]).toEqual(["gps", "gps.sensor.sensor"]);
});

test("without such a class the device's own subjects", () => {
	const traffic = chooseTraffic(withClasses({ alarm: { rate: 1, accepts: [] }, can: { rate: 2000, accepts: [] } }));
	expect([traffic.class, traffic.subject("edge1")]).toEqual(["can", "edge1.can.sensor"]);
});

test("a fleet without uplinks is told so", () => {
	expect(() => chooseTraffic(withClasses({ commands: { direction: "downlink" } }))).toThrow(
		"the fleet has no class from the devices to the hub",
	);
});

test("what is encoded is decoded, and padded to the class's size", () => {
	fc.assert(
		fc.property(
			fc.stringMatching(/^[a-z0-9-]{1,40}$/),
			fc.nat(),
			fc.integer({ min: 1, max: 300 }),
			(device, n, size) => {
				const payload = encodePayload("ab12", device, n, size);
				expect(payload.length).toBeGreaterThanOrEqual(size);
				expect(decodePayload("ab12", payload)).toEqual({ device, counter: n });
				expect(decodePayload("ab1", payload)).toBeUndefined();
			},
		),
	);
});

test("other messages are nobody's", () => {
	for (const text of ["", "ab12", "21.5", "other edge1 1 ", "ab12edge1 1"])
		expect(decodePayload("ab12", Buffer.from(text))).toBeUndefined();
});
