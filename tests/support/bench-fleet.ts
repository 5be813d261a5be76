import { parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";

/** Devices that a bench can start, on hardware that leaves room for many of them. */
const FLEET = `apiVersion: leafline/v1
fleet: bench
hardware:
  board: { arch: amd64, buffer: 1GiB, sync: 250ms }
link: { up: 100Mbit/s, down: 100Mbit/s, rtt: 20ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: "edge[1-9]", hardware: board }
`;

/** What the configurations of a bench's servers are rendered from. */
export function benchTopology(nodes: 1 | 3): Topology {
	const { fleet, problems } = parseFleet(FLEET, "bench.yaml");
	const { settings } = parseSettings("local", { hub: { nodes, memory: "64MiB", file: "8GiB" } });
	const topology = fleet && settings && plan(fleet, settings).topology;
	if (!topology) throw new Error(`the bench's own fleet does not hold: ${JSON.stringify(problems)}`);
	return topology;
}
