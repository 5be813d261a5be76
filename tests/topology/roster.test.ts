import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Enrolled, generationOf, generations, turnover } from "../../topology/roll";
import { MOST_REVOKED } from "../../topology/roll-checks";
import { advance, type Roster } from "../../topology/roster";

const OWN = ["UA", "UB", "UC"];
const step = (devices: Record<string, Enrolled>, old?: Roster) => advance({ devices, readers: {} }, old);
const roster = (devices: Record<string, Enrolled>, old?: Roster) => step(devices, old).roster;

describe("who has which key", () => {
	test("a fleet that begins has first keys, and its lost devices are revoked", () => {
		const { devices } = roster({ edge2: {}, edge1: {}, edge3: { lost: true }, edge4: { publicKey: "UA" } });
		expect(devices).toEqual({ keys: { edge1: 1, edge2: 1, edge4: "UA" }, revoked: { edge3: [1] } });
	});

	test("a name that leaves is revoked, lost before or not, and comes back with the next key", () => {
		const first = roster({ edge1: {}, edge2: {} });
		const lost = roster({ edge1: {}, edge2: { lost: true } }, first);
		const gone = roster({}, lost);
		// The hub may not have let go of edge1 yet.
		const left = { edge1: [1] };
		expect(gone.devices).toEqual({ keys: {}, revoked: { edge1: [1], edge2: [1] }, left });
		const back = roster({ edge1: {}, edge2: {} }, gone);
		expect(back.devices).toEqual({ keys: { edge1: 2, edge2: 2 }, revoked: { edge1: [1], edge2: [1] }, left });
		expect(generations(back.devices)).toEqual({ edge1: 2, edge2: 2 });
		expect(generations(first.devices)).toEqual({});
	});

	test("whoever left and is then given up has no key any more that may be valid", () => {
		const gone = roster({}, roster({ edge1: {} }));
		const lost = roster({ edge1: { lost: true } }, gone);
		expect(lost.devices).toEqual({ keys: {}, revoked: { edge1: [1] } });
		expect(roster({ edge1: {} }, lost).devices).toEqual({ keys: { edge1: 2 }, revoked: { edge1: [1] } });
	});

	test("to drop `lost` is to come back, with the next key", () => {
		const lost = roster({ edge1: { lost: true } }, roster({ edge1: {} }));
		expect(roster({ edge1: {} }, lost).devices).toEqual({ keys: { edge1: 2 }, revoked: { edge1: [1] } });
	});

	test("a device that gets another key has its old one revoked", () => {
		const own = roster({ edge1: { publicKey: "UA" } }, roster({ edge1: {} }));
		expect(own.devices).toEqual({ keys: { edge1: "UA" }, revoked: { edge1: [1] } });
		const derived = roster({ edge1: {} }, own);
		expect(derived.devices).toEqual({ keys: { edge1: 2 }, revoked: { edge1: [1, "UA"] } });
	});

	test("a key that was revoked is refused, whoever brings it, and no other problem is told", () => {
		const gone = roster({}, roster({ edge1: { publicKey: "UA" } }));
		for (const device of ["edge1", "edge2"]) {
			expect(step({ [device]: { publicKey: "UA" } }, gone).problems).toEqual([
				{
					document: "fleet",
					path: ["devices", device, "publicKey"],
					message: "UA is revoked for ever: edge1 had it and was lost, left the fleet or got another key",
					remedy: "make a new key on the device and write its public key here",
				},
			]);
		}
		expect(step({ edge1: { publicKey: "UA", lost: true } }, gone).problems).toEqual([]);
		expect(step({ edge1: { publicKey: "UB" } }, gone).problems).toEqual([]);
	});

	test("a rotation gives a new key, and the one before stays beside it", () => {
		const first = roster({ edge1: {}, edge2: { rotation: 2 } });
		expect(first.devices.keys).toEqual({ edge1: 1, edge2: 1 });
		const once = roster({ edge1: { rotation: 1 }, edge2: { rotation: 2 } }, first);
		expect(once.devices).toEqual({
			keys: { edge1: 2, edge2: 1 },
			revoked: {},
			former: { edge1: [1] },
			rotations: { edge1: 1, edge2: 2 },
		});
		expect(turnover(first.devices, once.devices)).toEqual({ left: [], returned: [], rekeyed: [], rotated: ["edge1"] });
		expect(roster({ edge1: { rotation: 1 }, edge2: { rotation: 2 } }, once)).toEqual(once);
		const twice = roster({ edge1: { rotation: 2 }, edge2: { rotation: 3 } }, once);
		expect(twice.devices.keys).toEqual({ edge1: 3, edge2: 2 });
		expect(twice.devices.former).toEqual({ edge1: [1, 2], edge2: [1] });
		expect(generations(twice.devices)).toEqual({ edge1: 3, edge2: 2 });
	});

	test("whoever is lost or leaves during a rotation has all of its keys revoked, and comes back with another", () => {
		const rotated = roster({ edge1: { rotation: 1 } }, roster({ edge1: {} }));
		for (const [wanted, left] of [
			[{ edge1: { lost: true, rotation: 1 } }, {}] as const,
			[{}, { left: { edge1: [1, 2] } }] as const,
		]) {
			const gone = roster(wanted, rotated);
			expect(gone.devices).toEqual({ keys: {}, revoked: { edge1: [1, 2] }, ...left });
			expect(roster({ edge1: { rotation: 1 } }, gone).devices.keys).toEqual({ edge1: 3 });
		}
	});

	test("a device that makes its keys itself has an overlap when its rotation is raised together with the key", () => {
		const first = roster({ edge1: { publicKey: "UA" } });
		const rotated = roster({ edge1: { publicKey: "UB", rotation: 1 } }, first);
		expect(rotated.devices).toMatchObject({ keys: { edge1: "UB" }, former: { edge1: ["UA"] }, revoked: {} });
		// The old one is revoked when the new one was seen: nobody can have it again.
		expect(step({ edge1: { publicKey: "UA", rotation: 2 } }, rotated).problems).toHaveLength(1);
		const kept = roster({ edge1: { publicKey: "UA", rotation: 1 } }, first);
		expect(kept.devices).toEqual({ keys: { edge1: "UA" }, revoked: {}, rotations: { edge1: 1 } });
	});

	test("a rotation that is taken back is refused: the next one would do nothing", () => {
		const rotated = roster({ edge1: { rotation: 2 }, edge2: { rotation: 2 } });
		const { problems } = step({ edge1: { rotation: 1 }, edge2: {} }, rotated);
		expect(problems).toEqual([
			{
				document: "fleet",
				path: ["rotation"],
				message:
					"the rotations of edge1, its own and the fleet's, are 1, and 2 were done already, and so are those of 1 more",
				remedy: "write the numbers that were there, or higher ones",
			},
		]);
	});

	test("a key cannot be passed on to another device in one step: who has the old credentials would have the new", () => {
		const first = roster({ edge1: { publicKey: "UA" } });
		expect(step({ edge2: { publicKey: "UA" } }, first).problems).toHaveLength(1);
	});

	test("names that objects have themselves are names like others", () => {
		const first = roster({ constructor: {}, tostring: {} });
		expect(generationOf(first.devices, "constructor")).toBe(1);
		expect(generationOf(first.devices, "valueof")).toBe(1);
		expect(roster({ constructor: {} }, roster({}, first)).devices.keys).toEqual({ constructor: 2 });
		expect(roster({ constructor: { lost: true } }).devices.revoked).toEqual({ constructor: [1] });
	});

	test("readers leave and come back as devices do", () => {
		const first = advance({ devices: {}, readers: { lake: {} } }).roster;
		const gone = advance({ devices: {}, readers: {} }, first).roster;
		const back = advance({ devices: {}, readers: { lake: {} } }, gone).roster;
		expect(back.readers).toEqual({ keys: { lake: 2 }, revoked: { lake: [1] }, left: { lake: [1] } });
	});

	test("more than an account holds is refused, and that many are not", () => {
		const many = Object.fromEntries(Array.from({ length: MOST_REVOKED + 1 }, (_, i) => [`d${i}`, { lost: true }]));
		expect(step(many).problems).toMatchObject([{ path: ["groups"], message: expect.stringContaining("10001 keys") }]);
		const { d0: _one, ...most } = many;
		expect(step(most).problems).toEqual([]);
	});

	test("tells who left, who came back, and who has another key", () => {
		const first = roster({ edge1: {}, edge2: {}, edge3: {} });
		const second = roster({ edge2: {}, edge3: { publicKey: "UA" }, edge4: {} }, first);
		expect(turnover(first.devices, second.devices)).toEqual({
			left: ["edge1"],
			returned: [],
			rekeyed: ["edge3"],
			rotated: [],
		});
		const third = roster({ edge1: {}, edge2: {}, edge3: { publicKey: "UA" }, edge4: {} }, second);
		expect(turnover(second.devices, third.devices)).toEqual({
			left: [],
			returned: ["edge1"],
			rekeyed: [],
			rotated: [],
		});
	});
});

describe("for any history of a fleet file", () => {
	const enrolled: fc.Arbitrary<Enrolled> = fc.record(
		{ publicKey: fc.constantFrom(...OWN), lost: fc.boolean(), rotation: fc.nat(3) },
		{ requiredKeys: [] },
	);
	const names = fc.constantFrom("edge1", "edge2", "constructor");
	const history = fc.array(fc.dictionary(names, enrolled, { noNullPrototype: true }), { minLength: 1, maxLength: 12 });

	/** Every roster of a history, without the steps that are refused. */
	const play = (files: readonly Record<string, Enrolled>[]) => {
		const all: Roster[] = [];
		for (const file of files) {
			const { roster: next, problems } = step(file, all.at(-1));
			if (problems.length === 0) all.push(next);
		}
		return all;
	};
	const pairs = (revoked: Roster["devices"]["revoked"]) =>
		Object.entries(revoked).flatMap(([name, keys]) =>
			keys.map((key) => (typeof key === "string" ? key : `${name} ${key}`)),
		);
	const inUse = ({ devices: { keys } }: Roster) =>
		Object.entries(keys).map(([name, key]) => (typeof key === "string" ? key : `${name} ${key}`));

	test("what is revoked stays revoked, and nobody has a key that is", () => {
		fc.assert(
			fc.property(history, (files) => {
				const all = play(files);
				for (const [index, { devices }] of all.entries()) {
					const revoked = new Set(pairs(devices.revoked));
					for (const before of all.slice(0, index)) {
						for (const key of pairs(before.devices.revoked)) expect(revoked).toContain(key);
						// Every key that anybody ever had is in use by them still, or is revoked.
						for (const key of inUse(before))
							expect(
								revoked.has(key) || [...inUse(all[index] as Roster), ...pairs(devices.former ?? {})].includes(key),
							).toBe(true);
					}
					for (const key of inUse(all[index] as Roster)) expect(revoked).not.toContain(key);
					for (const key of pairs(devices.left ?? {})) expect(revoked).toContain(key);
				}
			}),
		);
	});

	test("the same file again changes nothing, and another device touches no other", () => {
		fc.assert(
			fc.property(history, (files) => {
				const all = play(files);
				const last = files.at(-1) ?? {};
				const now = all.at(-1);
				const again = step(last, now);
				if (now === undefined || again.problems.length > 0) return;
				expect(step(last, again.roster).roster).toEqual(again.roster);
				const more = roster({ ...last, newcomer: {} }, again.roster).devices;
				const { newcomer, ...others } = more.keys;
				expect({ newcomer, others, revoked: more.revoked }).toEqual({
					newcomer: 1,
					others: again.roster.devices.keys,
					revoked: again.roster.devices.revoked,
				});
			}),
		);
	});
});
