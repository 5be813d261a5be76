import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceLimits, mostLinks } from "../../topology/limits-by-role";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";

describe("links of a fleet", () => {
	test("leave room for each to be there twice, and not for many more", () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 100_000 }), (devices) => {
				expect(mostLinks(devices)).toBeGreaterThanOrEqual(2 * devices);
				expect(mostLinks(devices)).toBeLessThanOrEqual(Math.max(32, 2.5 * devices));
				expect(mostLinks(devices + 1)).toBeGreaterThanOrEqual(mostLinks(devices));
			}),
		);
	});

	test("change in steps: a device more is hardly ever a push of the account", () => {
		const steps = new Set(Array.from({ length: 10_000 }, (_, devices) => mostLinks(devices)));
		expect(steps.size).toBeLessThan(45);
		expect(mostLinks(500)).toBe(1024);
		expect(mostLinks(512)).toBe(1024);
	});
});

describe("subscriptions of a device's link", () => {
	test("are what its classes need, four times, and room for programs that consume on it", () => {
		expect(deviceLimits(planFleet(SMALL_FLEET))).toEqual({ subs: 256, leaf: 32 });
		const names = Array.from(
			{ length: 60 },
			(_, i) =>
				`  c${String.fromCharCode(97 + (i % 26))}${i}: { rate: 1/h, size: 16B, whenFull: drop-oldest, storage: memory, hub: { keep: 1h } }`,
		);
		const many = planFleet(
			SMALL_FLEET.replace("groups:", `${names.join("\n")}\ngroups:`).replace(
				"buffer: 256MiB",
				"buffer: 64GiB, memory: 8GiB",
			),
		);
		expect(deviceLimits(many).subs).toBeGreaterThanOrEqual(4 * (12 + 62));
	});
});
