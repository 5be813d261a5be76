import { formatSize } from "./units";

/** Largest message that the servers take, headers included (`max_payload`). */
export const MAX_PAYLOAD = 1024 ** 2;

/** Room in it for the headers of the publisher and for the one that the hub adds, which names the origin. */
const HEADERS = 2048;

/**
 * Largest payload of a class. The message is larger on the hub than on the device: one that the hub refuses would stop
 * its source.
 */
export const MOST_PAYLOAD = MAX_PAYLOAD - HEADERS;

/** The same as files and messages have it. */
export const MOST_PAYLOAD_TEXT = formatSize(MOST_PAYLOAD);

/** Devices that may be run on one machine. */
export const MOST_LOCAL = 256;

/** Of keys, by the fleet file. Each leaves one that is revoked for ever, of which a fleet may have 10,000. */
export const MOST_ROTATIONS = 1_000;
