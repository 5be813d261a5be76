import { describe, expect, it } from "vitest";
import { plan } from "../../topology/plan";
import { downlink, makeFleet, makeSettings } from "./fixtures";

const named = (count: number) => Array.from({ length: count }, (_, index) => `truck-${index + 1}`);
/** Rates that no hub minds, so that consumers are all that can be too many. */
const quiet = (changes = {}) => downlink({ rate: 0.0001, sizeBytes: 64, ...changes });

function planned(devices: readonly string[], nodes: 1 | 3, changes = {}) {
	const fleet = makeFleet({ devices, classes: {}, downlink: { commands: quiet() }, ...changes });
	return plan(fleet, makeSettings({ hub: { nodes } }));
}

describe("consumers of a downlink, one a device", () => {
	it.each([
		[1, 10_000],
		[3, 2_000],
	] as const)("on %i nodes are at most %i, which the stream takes", (nodes, most) => {
		const { topology, problems } = planned(named(most), nodes);
		expect(problems).toEqual([]);
		const stream = topology?.hubStreams.hub_commands;
		expect(Object.keys(stream?.consumers ?? {})).toHaveLength(most);
		expect(stream?.config.max_consumers).toBe(most);
	});

	it("say where they are too many, and what to do", () => {
		expect(planned(named(2_001), 3).problems).toEqual([
			{
				document: "fleet",
				path: ["downlink", "commands"],
				message:
					"commands needs 2001 consumers on the hub, one a device, and a hub was seen to hold 2000 in three copies",
				remedy:
					"divide the fleet into several stacks, or send what is for a device under fewer classes, or state " +
					"replicas: 1 for a class whose commands may wait for a node that is gone",
			},
		]);
	});

	it("are counted over all downlinks, and may be more in one copy", () => {
		const two = (replicas?: 1) => ({
			downlink: { commands: quiet(), maps: quiet(replicas === undefined ? {} : { replicas }) },
		});
		expect(planned(named(1_500), 3, two()).problems.map(({ message }) => message)).toEqual([
			expect.stringMatching(/^commands, maps need 3000 consumers/),
		]);
		expect(planned(named(1_500), 3, two(1)).problems).toEqual([]);
	});

	it("are none for devices that are lost", () => {
		const devices = named(2_001);
		expect(planned(devices, 3, { retired: { "truck-7": "lost" } }).problems).toEqual([]);
	});
});
