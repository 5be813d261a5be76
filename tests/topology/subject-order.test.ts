import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Captured, orderSubjects, type SubjectStep } from "../../topology/subject-order";
import { overlaps } from "../../topology/subjects";

/** Subjects that overlap each other in every way there is. */
const PATTERNS = ["a", "a.*", "a.b", "a.>", "*.b", "b", "b.>", "b.a", "c.>", "c.a.b", "c.*.b", "d"];

/** Streams `s0` to `s4`, each with its own prefix and some of the patterns, no two overlapping. */
const disjoint = fc.array(fc.array(fc.constantFrom(...PATTERNS), { maxLength: 2 }), { maxLength: 5 }).map((lists) => {
	const taken: string[] = [];
	return lists.map((list) =>
		list.filter((subject) => {
			const free = !taken.some((other) => overlaps(other, subject));
			if (free) taken.push(subject);
			return free;
		}),
	);
});
const captured = disjoint.map((lists) => Object.fromEntries(lists.map((list, i) => [`s${i}`, [`own${i}`, ...list]])));
/** The same streams in two arrangements. */
const change = fc.tuple(captured, captured).map(([a, b]): [Captured, Captured] => {
	const names = Object.keys(a).filter((name) => b[name]);
	const pick = (all: Captured) => Object.fromEntries(names.map((name) => [name, all[name] ?? []]));
	return [pick(a), pick(b)];
});

/** What nats-server does with the updates; throws where it answers 10065. */
function server(live: Captured, steps: readonly SubjectStep[]): Captured[] {
	const states: Captured[] = [live];
	for (const { stream, subjects } of steps) {
		const now = states.at(-1) ?? {};
		for (const [other, theirs] of Object.entries(now)) {
			if (other === stream) continue;
			const clash = theirs.some((each) => subjects.some((subject) => overlaps(each, subject)));
			if (clash) throw new Error(`10065: subjects of ${stream} overlap with those of ${other}`);
		}
		states.push({ ...now, [stream]: subjects });
	}
	return states;
}

function steps(live: Captured, wanted: Captured): readonly SubjectStep[] {
	const found = orderSubjects(live, wanted);
	if ("by" in found) throw new Error(JSON.stringify(found));
	return found;
}
const sorted = (all: Captured) =>
	Object.fromEntries(Object.entries(all).map(([name, list]) => [name, [...list].sort()]));

describe("the order in which streams come to other subjects", () => {
	it("is one that the server takes, step by step, and ends in what is wanted", () => {
		fc.assert(
			fc.property(change, ([live, wanted]) => {
				const states = server(live, steps(live, wanted));
				expect(sorted(states.at(-1) ?? {})).toEqual(sorted(wanted));
			}),
			{ numRuns: 2000 },
		);
	});

	it("touches no stream that is as wanted, and each at most twice", () => {
		fc.assert(
			fc.property(change, ([live, wanted]) => {
				const found = steps(live, wanted);
				for (const name of Object.keys(wanted)) {
					const own = found.filter(({ stream }) => stream === name).length;
					const same =
						JSON.stringify(sorted({ name: live[name] ?? [] })) === JSON.stringify(sorted({ name: wanted[name] ?? [] }));
					expect(own).toBeLessThanOrEqual(same ? 0 : 2);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	it("leaves a subject that moves as it is without a stream for one step only, whatever moves in a circle or a row", () => {
		const subjects = ["a.>", "b.>", "c.>", "d.>", "e.>"];
		const permuted = fc.shuffledSubarray(subjects, { minLength: 5 });
		fc.assert(
			fc.property(permuted, permuted, (before, after) => {
				const streams = (list: readonly string[]) =>
					Object.fromEntries(list.map((subject, i) => [`s${i}`, [`own${i}`, subject]]));
				const states = server(streams(before), steps(streams(before), streams(after)));
				for (const subject of subjects) {
					const without = states.filter((state) => !Object.values(state).some((list) => list.includes(subject)));
					expect(without.length).toBeLessThanOrEqual(1);
				}
			}),
		);
	});

	it("lets go first what another one takes", () => {
		const live = { can: ["own.>", "vehicle.>"], legacy: ["old.>"] };
		const wanted = { can: ["own.>", "telemetry.>"], legacy: ["old.>", "vehicle.>"] };
		expect(steps(live, wanted)).toEqual([
			{ stream: "can", subjects: ["own.>", "telemetry.>"] },
			{ stream: "legacy", subjects: ["old.>", "vehicle.>"] },
		]);
	});

	it("breaks an exchange in three steps", () => {
		const live = { can: ["own.>", "vehicle.>"], legacy: ["old.>", "telemetry.>"] };
		const wanted = { can: ["own.>", "telemetry.>"], legacy: ["old.>", "vehicle.>"] };
		expect(steps(live, wanted)).toEqual([
			{ stream: "can", subjects: ["own.>"] },
			{ stream: "legacy", subjects: ["old.>", "vehicle.>"] },
			{ stream: "can", subjects: ["own.>", "telemetry.>"] },
		]);
	});

	it("narrows before it widens", () => {
		const live = { a: ["vehicle.>"], b: ["log.>"] };
		expect(steps(live, { a: ["vehicle.speed"], b: ["vehicle.door.>"] }).map(({ stream }) => stream)).toEqual([
			"a",
			"b",
		]);
		const wide = { a: ["vehicle.speed"], b: ["vehicle.door.>"] };
		expect(steps(wide, { a: ["vehicle.>"], b: ["log.>"] }).map(({ stream }) => stream)).toEqual(["b", "a"]);
	});

	it("names the stream that nobody may change and that has the subject", () => {
		expect(orderSubjects({ can: ["own.>"], theirs: ["vehicle.door"] }, { can: ["own.>", "vehicle.>"] })).toEqual({
			stream: "can",
			subject: "vehicle.>",
			by: { stream: "theirs", subject: "vehicle.door" },
		});
	});
});
