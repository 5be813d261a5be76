/** A small fleet that complies, for tests that then change one thing. */
export const SMALL_FLEET = `apiVersion: leafline/v1
fleet: small
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms }
link: { up: 20Mbit/s, down: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  sensor:
    rate: 100/s
    size: 128B
    accepts: vehicle.>
    whenFull: refuse
    hub: { keep: 1d }
  alarm: { rate: 1/s, size: 256B, priority: high, whenFull: refuse, hub: { keep: 1d } }
groups:
  all: { devices: [edge1, edge2], hardware: board }
`;
