import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GP3, MOST_FILE_BYTES, mostIops, tooLarge, volumeFor } from "../../topology/gp3";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

describe("a gp3 volume", () => {
	it("is what AWS sells, whatever is asked of it", () => {
		const needs = fc.record({
			fileBytes: fc.integer({ min: 20, max: MOST_FILE_BYTES / GIB }).map((gib) => gib * GIB),
			bytesPerSecond: fc.integer({ min: 0, max: 4_000 * MIB }),
			operationsPerSecond: fc.integer({ min: 0, max: 200_000 }),
		});
		fc.assert(
			fc.property(needs, (need) => {
				const { sizeGiB, iops, throughput } = volumeFor(need);
				expect(sizeGiB).toBeGreaterThanOrEqual(need.fileBytes / 0.9 / GIB);
				expect(sizeGiB).toBeLessThanOrEqual(65_536);
				expect(iops).toBeGreaterThanOrEqual(3_000);
				expect(iops).toBeLessThanOrEqual(80_000);
				expect(throughput).toBeGreaterThanOrEqual(125);
				expect(throughput).toBeLessThanOrEqual(2_000);
				expect(throughput).toBeLessThanOrEqual(iops * 0.25);
			}),
		);
	});

	it("has the operations that its throughput is sold with", () => {
		const need = { fileBytes: 500 * GIB, bytesPerSecond: 849 * MIB, operationsPerSecond: 900 };
		expect(volumeFor(need)).toEqual({ sizeGiB: 556, iops: 3_400, throughput: 849 });
	});

	it("is at most 64 TiB", () => {
		expect(tooLarge(MOST_FILE_BYTES)).toBeUndefined();
		expect(tooLarge(1000 * 1024 * GIB)).toEqual({
			message: "1000TiB and a tenth for the file system are more than gp3 has, 64TiB",
			remedy: "write at most 58982GiB, keep it for a shorter time, or spread the fleet over several stacks",
		});
	});

	it("takes operations by its size, between what is included and the most of all", () => {
		expect([1, 36, 1_000].map((gib) => mostIops(gib * GIB))).toEqual([3_000, 20_000, GP3.iops.most]);
	});
});
