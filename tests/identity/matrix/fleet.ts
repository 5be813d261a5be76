import { planFleet } from "../../support/rig";

/** What is attacked: data in both directions, a reader, a class that the attacker sends and that nothing is aimed at. */
const FLEET = `apiVersion: leafline/v1
fleet: matrix
hardware:
  board: { arch: amd64, buffer: 1GiB, sync: 250ms }
link: { up: 100Mbit/s, down: 100Mbit/s, rtt: 20ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, priority: high, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
consumers:
  lake: { class: can, deliver: all, ackWait: 1h }
groups:
  all: { devices: [edge1, edge2], hardware: board }
`;

/** Somebody has the credentials of this device, or runs a program on it. */
export const THIEF = "edge1";
/** Another device of the same fleet. */
export const VICTIM = "edge2";
/** Reader of the fleet file, and its consumer. */
export const READER = "lake";

export const HUB_STREAM = "hub_can";
export const DOWN_STREAM = "hub_commands";
/** What the thief's own deliveries go to. Nothing is aimed at it, so that its source works all the time. */
export const CARRIER_CLASS = "alarm";

export const fleetTopology = (nodes: 1 | 3) => planFleet(FLEET, { hub: { nodes, memory: "64MiB", file: "8GiB" } });
