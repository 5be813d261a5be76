import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HAVE_BYTES, HAVE_STATES, type Have, haveValue, readHave } from "../../../topology/rollout/have";
import { CHUNK_BYTES, chunksOf, nudgeSubject, ownKey, partKey } from "../../../topology/rollout/names";
import { type Order, orderText, readOrder, readWant, signedText, wantValue } from "../../../topology/rollout/order";
import { Malformed } from "../../../topology/rollout/read";

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const device = fc.stringMatching(/^[a-z0-9-]{1,20}$/);

const orders: fc.Arbitrary<Order> = fc
	.record({ device, order: whole, rollout: device, release: whole, withinMs: whole })
	.chain((common) =>
		fc.oneof(
			fc.constant({ version: 1 as const, action: "back" as const, ...common }),
			fc
				.record({ sha256: hash, bytes: whole, signature: fc.base64String({ maxLength: 88 }) })
				.map((manifest) => ({ version: 1 as const, action: "install" as const, manifest, ...common })),
		),
	);

const haves: fc.Arbitrary<Have> = fc
	.record({
		device,
		time: whole,
		release: whole,
		manifest: hash,
		versions: fc.dictionary(device, device, { maxKeys: 5 }),
	})
	.chain((common) =>
		fc
			.option(fc.record({ order: whole, release: whole, state: fc.constantFrom(...HAVE_STATES) }))
			.map((latest) => ({ version: 1 as const, ...common, ...(latest && { latest }) })),
	);

test("an order and what a device says come back as they were written", () => {
	fc.assert(
		fc.property(orders, (order) => {
			expect(readOrder(orderText(order))).toEqual(order);
		}),
	);
	fc.assert(
		fc.property(haves, (have) => {
			const value = haveValue(have);
			if (value.length <= HAVE_BYTES) expect(readHave(Buffer.from(value))).toEqual(have);
		}),
	);
	const signed = { order: "{}", signature: "c2ln" };
	expect(readWant(Buffer.from(wantValue(signed)))).toEqual(signed);
});

test("whatever somebody wrote is read, or refused in one line that repeats nothing of it", () => {
	const readers = [readOrder, readHave, readWant];
	fc.assert(
		fc.property(fc.oneof(fc.json(), fc.string(), fc.constant('{"version":1,"device":"x"}')), (text) => {
			for (const read of readers) {
				try {
					read(text);
				} catch (error) {
					expect(error).toBeInstanceOf(Malformed);
					expect((error as Error).message).toMatch(/^(want|order|have|the order)[^\n]*$/);
				}
			}
		}),
	);
});

describe("refused:", () => {
	const good = { version: 1, device: "a", time: 1, release: 1, manifest: "0".repeat(64), versions: {} };
	test.each([
		["a number below 0", { ...good, release: -1 }, "have.release: a whole number is expected"],
		["a broken number", { ...good, time: 0.5 }, "have.time: a whole number is expected"],
		[
			"a hash in capitals",
			{ ...good, manifest: "A".repeat(64) },
			"have.manifest: a SHA-256 in hexadecimal is expected",
		],
		[
			"a state that is none",
			{ ...good, latest: { order: 1, release: 1, state: "fine" } },
			/^have\.latest\.state: pulling or/,
		],
		["a field of the prototype", JSON.parse('{"__proto__":{"version":1}}'), "have.version: a whole number is expected"],
		["a later form", { ...good, version: 2 }, "have: it was written by a newer leafline"],
	])("%s", (_what, value, message) => {
		expect(() => readHave(JSON.stringify(value))).toThrow(message);
	});

	test("more than a device may say", () => {
		expect(() => readHave(haveValue({ ...good, versions: { a: "x".repeat(HAVE_BYTES) } } as never))).toThrow(
			"more than",
		);
	});

	test("the reason of a device is one line, without orders to a terminal", () => {
		const latest = { order: 1, release: 1, state: "returned", reason: "no\u001b[2J\nlink" };
		expect(readHave(JSON.stringify({ ...good, latest })).latest?.reason).toBe("no [2J link");
	});
});

test("what is signed as an order is no manifest, and the reverse", () => {
	expect(signedText('{"version":1}').toString()).not.toMatch(/^\s*\{/);
});

test("names", () => {
	expect([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1].map(chunksOf)).toEqual([0, 1, 1, 2]);
	expect(partKey("ab", 0)).toBe("part.ab.0");
	expect(ownKey("truck-001", "ab", 2)).toBe("own.truck-001.ab.2");
	// No class can be called so.
	expect(nudgeSubject("truck-001")).toBe("dl.truck-001._want");
});
