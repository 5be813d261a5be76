import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterSubjects, topicSubject } from "../../config/mqtt-topic";
import { isLiteral, isSubject, isSubset } from "../../topology/subjects";

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,4}$/);
const topic = fc.array(word, { minLength: 1, maxLength: 14 }).map((levels) => levels.join("/"));

describe("a topic of MQTT", () => {
	it("has a subject of as many words, and no two have the same", () => {
		fc.assert(
			fc.property(topic, topic, (a, b) => {
				const [first, second] = [topicSubject(a), topicSubject(b)];
				if (!("subject" in first) || !("subject" in second)) throw new Error("it has none");
				expect(isLiteral(first.subject)).toBe(true);
				expect(first.subject.split(".")).toEqual(a.split("/"));
				expect(first.subject === second.subject).toBe(a === b);
			}),
		);
	});

	it("is refused with a remedy, or becomes a subject on which can be published, whatever it is", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-b/.+#*> $_]{0,12}$/)), (text) => {
				const found = topicSubject(text);
				if ("subject" in found) expect(isLiteral(found.subject)).toBe(true);
				else expect([found.message, found.remedy]).not.toContain("");
			}),
		);
	});
});

describe("a filter of topics", () => {
	it.each([
		["vehicle/speed", ["vehicle.speed"]],
		["vehicle/+/speed", ["vehicle.*.speed"]],
		["vehicle/#", ["vehicle", "vehicle.>"]],
		["vehicle/+/#", ["vehicle.*", "vehicle.*.>"]],
	])("%s", (filter, subjects) => {
		expect(filterSubjects(filter)).toEqual({ subjects });
		for (const subject of subjects) expect(isSubject(subject)).toBe(true);
	});

	it.each([
		["#", "takes in topics of others as well"],
		["+/speed", "takes in topics of others as well"],
		["vehicle/#/speed", "has a wildcard in a wrong place"],
		["vehicle/sp+ed", "has a wildcard in a wrong place"],
		["vehicle/#speed", "has a wildcard in a wrong place"],
		["vehicle//speed", "has an empty level"],
		["vehicle/", "has an empty level"],
		["", "has an empty level"],
		["vehicle/v1.2", "has a dot in a level"],
		["vehicle/>", "has > in a level"],
		["front left", "has a space, or what is not plain ASCII"],
		["größe", "has a space, or what is not plain ASCII"],
		["$SYS/broker", "begins with $, as what belongs to MQTT or NATS itself"],
		["a/b/c/d/e/f/g/h/i/j/k/l/m/n/o", "has 15 levels"],
	])("%j is refused", (filter, message) => {
		expect(filterSubjects(filter)).toMatchObject({ message, remedy: expect.stringMatching(/./) });
	});

	it("takes the subject of every topic below it", () => {
		fc.assert(
			fc.property(topic, fc.nat(13), (text, at) => {
				const levels = text.split("/");
				const filter = [...levels.slice(0, Math.max(1, at)), "#"].slice(0, 14).join("/");
				const [found, patterns] = [topicSubject(text), filterSubjects(filter)];
				if (!("subject" in found) || !("subjects" in patterns)) throw new Error("refused");
				const matches = patterns.subjects.some((pattern) => isSubset(found.subject, pattern));
				expect(matches || filter.split("/").length - 1 > levels.length).toBe(true);
			}),
		);
	});
});
