import type { Topology } from "../topology/model";
import { type LeafConfOptions, leafTree } from "./leaf";
import { type ConfMap, renderNatsConfig } from "./nats-config";

/** What full streams may reserve for messages that only move them on, and are gone before anybody sees them. */
const SPARE_BYTES = 1024 ** 3;

/**
 * The device's server behind closed doors: its own JetStream and nothing else. No link to the hub, no port that a
 * program knows: the device program starts it after an end that was not clean, and adds a user of the moment and where
 * the server shall write which port it got (`device/closed-server.ts`).
 *
 * @throws as `leafTree` does
 */
export function renderGateConf(topology: Topology, device: string, options: LeafConfOptions): string {
	return gateConf(leafTree(topology, device, options), device);
}

/** The same from a device's own configuration. @param tree as `leafTree()` gives it, or read from its text */
export function gateConf(leaf: ConfMap, device: string): string {
	const { leafnodes, listen, http, pid_file, ports_file_dir, accounts, no_auth_user, jetstream, ...tree } = leaf;
	const { max_file, ...store } = jetstream as { readonly max_file: number };
	return renderNatsConfig(
		{ ...tree, listen: "127.0.0.1:-1", jetstream: { ...store, max_file: max_file + SPARE_BYTES } },
		`made by leafline for device ${device} behind closed doors; changes are overwritten`,
	);
}
