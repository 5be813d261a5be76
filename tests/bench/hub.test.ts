import { expect, it } from "vitest";
import { KINDS, measureHub } from "../../bench/measure-hub";

/** The benchmark in small: that it counts every message, on every server, and not how fast it is. */
it("measures a hub of three nodes: each kind of traffic, whole, on every node", async () => {
	const measured = { nodes: 3, size: 256, devices: 2, backlog: 300, steady: 40, busy: 100, steadyRate: 100 } as const;
	const turns = await measureHub(measured, 1);
	expect(turns.map(({ kind }) => kind)).toEqual([...KINDS]);
	for (const turn of turns) {
		expect(turn.total).toBe(2 * measured[turn.kind]);
		expect(turn.storedBytes / turn.total).toBeGreaterThan(measured.size);
		expect(turn.servers.filter(({ leads }) => leads)).toHaveLength(1);
		expect(turn.servers.reduce((sum, { leafs }) => sum + leafs, 0)).toBe(measured.devices);
		for (const { written, idle, processor } of turn.servers) {
			expect(written).toBeGreaterThan(turn.total * measured.size);
			expect(Math.min(idle, processor)).toBeGreaterThanOrEqual(0);
		}
		// What the leader sends to two others, before compression.
		expect(turn.servers.find(({ leads }) => leads)?.routed).toBeGreaterThan(2 * turn.total * measured.size);
	}
}, 180_000);
