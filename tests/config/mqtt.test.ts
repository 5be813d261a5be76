import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mqttSubjects } from "../../config/mqtt";
import { acceptsProblem, filterProblem } from "../../config/subject";

describe("MQTT's syntax", () => {
	// What the server makes of each is tried in tests/datapath/mqtt.test.ts.
	it.each([
		["spBv1.0/+/NDATA/#", "spBv1.0.*.NDATA.>", "spBv1//0.*.NDATA.>"],
		["vehicle/speed", "vehicle.speed", "vehicle.speed"],
		["/vehicle/speed", "vehicle.speed", "/.vehicle.speed"],
		["vehicle/speed/", "vehicle.speed", "vehicle.speed./"],
		["a/b//c", "a.b.c", "a.b./.c"],
		["a.b/c", "a.b.c", "a//b.c"],
		["vehicle.#", "vehicle.>", "vehicle.>"],
		["vehicle.+.speed", "vehicle.*.speed", "vehicle.*.speed"],
	])("%s is %s in NATS, %s through the server's MQTT port", (text, spoken, converted) => {
		expect(mqttSubjects(text)).toEqual({ spoken, converted });
	});

	it.each(["vehicle.>", "vehicle.*.speed", "spBv1//0.*.NDATA.>", "/.vehicle.>", "vehicle./", "a#b.c", "a+b"])(
		"%s is NATS's own",
		(subject) => {
			expect(mqttSubjects(subject)).toBeUndefined();
			expect(acceptsProblem(subject)).toBeUndefined();
		},
	);

	const level = fc.stringMatching(/^[a-z][a-z0-9.]{0,5}$/).filter((text) => !/\.(\.|$)/.test(text));
	const filter = fc
		.tuple(level, fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 5 }), fc.boolean())
		.map(([first, more, all]) => [first, ...more, ...(all ? ["#"] : [])].join("/"));

	it("is refused with a subject that is not", () => {
		fc.assert(
			fc.property(filter, (text) => {
				const problem = acceptsProblem(text);
				const written = /^write (\S+?)(, or (\S+) for .*)?$/.exec(problem?.remedy ?? "");
				// A first level that leafline uses itself is refused all the same.
				fc.pre(written !== null || !/^(down|dl|deliver)\b/.test(text));
				for (const subject of [written?.[1], written?.[3]]) {
					if (subject !== undefined) expect(acceptsProblem(subject)).toBeUndefined();
				}
				expect(written).not.toBeNull();
			}),
		);
	});

	it("is refused in a filter with one that matches something of the class", () => {
		fc.assert(
			fc.property(filter, (text) => {
				const subject = /^write (\S+?)(,.*)?$/.exec(filterProblem(text, "can")?.remedy ?? "")?.[1];
				expect(subject).toBeDefined();
				expect(filterProblem(subject ?? "", "can")).toBeUndefined();
			}),
		);
	});
});
