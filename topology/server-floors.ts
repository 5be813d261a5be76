/**
 * The oldest nats-servers that will do. `toolchain/requirements.js`, which runs before anything is compiled, has the
 * hub's as well; a test holds it to this one.
 */

/** Of a device: the first with durable sourcing and a dial time-out that fits a mobile link. */
export const DEVICE_SERVER_FLOOR = "2.14.5";

/**
 * Of every node of the hub. 2.15 writes into a stream's snapshots where its sources stand
 * (`js_snapshot_sources`, nats-server's FeatureFlags). "Older peers reject the snapshot outright": a hub that mixes them, or goes back, has nodes without the stream.
 */
export const HUB_SERVER_FLOOR = "2.15.0";
