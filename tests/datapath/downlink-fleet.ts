/** Two devices that are told something by the hub. */
export const DOWNLINK_FLEET = `apiVersion: leafline/v1
fleet: downlink
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 80ms, outage: 1m }
classes:
  can: { rate: 10/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;
