import type { ServerEdition } from "../config/model";

/**
 * Which nats-server says that it has this version: leafline's ends in `+leafline.<number of its change>`, as in
 * `2.15.2+leafline.2` (toolchain/server-change.js).
 */
export function editionOf(version: string): ServerEdition {
	return /\+leafline\.\d+$/.test(version) ? "leafline" : "official";
}
