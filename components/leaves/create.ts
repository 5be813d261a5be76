import type * as pulumi from "@pulumi/pulumi";
import { renderLeafConf } from "../../render/leaf";
import type { Topology } from "../../topology/model";
import { SERVER_FILES } from "../daemon/layout";
import type { Identity } from "../identity/identity";
import { LocalLeaves } from "./local";
import { type LocalSite, localSites } from "./sites";

/** The fleet's devices on this machine, where the settings ask for them. */
export function createLeaves(
	topology: Topology,
	identity: Identity,
	serverVersion: string,
	opts: pulumi.ComponentResourceOptions,
): LocalLeaves[] {
	if (!topology.settings.leaves.local) return [];
	const sites = localSites(topology);
	const credentials = Object.fromEntries(sites.map(({ device }) => [device, identity.deviceCreds(device)]));
	const conf = (site: LocalSite) => localLeafConf(topology, site);
	return [new LocalLeaves("leaves", { topology, conf, credentials, ca: identity.caPem, serverVersion }, opts)];
}

/**
 * The output `leafConfigs`: what every device's nats-server is to read. Nothing secret is in it.
 * @param urls where leaf nodes connect, every node's; local devices connect to their links instead
 */
export function leafConfigs(topology: Topology, urls: readonly string[]): Record<string, string> {
	const { settings, devices } = topology;
	if (settings.leaves.local) {
		return Object.fromEntries(localSites(topology).map((site) => [site.device, localLeafConf(topology, site)]));
	}
	return Object.fromEntries(
		Object.keys(devices).map((name) => [name, renderLeafConf(topology, name, { ...DEVICE_FILES, urls })]),
	);
}

/** Where a device's bundle puts what its configuration refers to. */
const DEVICE_FILES = { credentials: "/etc/nats/device.creds", ca: "/etc/nats/ca.pem" };

/**
 * A server whose streams reserve more than `max_file` takes no change of them, not even the one that lowers them, and
 * a local server has its new configuration before its streams have theirs. Their own limits stay within the buffer.
 */
const LOCAL_MAX_FILE = 1024 ** 4;

function localLeafConf(topology: Topology, { device, urls, clientPort }: LocalSite): string {
	const { credentials, ca, storeDir } = SERVER_FILES;
	const files = { credentials, ca, storeDir };
	return renderLeafConf(topology, device, { urls, clientPort, ...files, maxFileBytes: LOCAL_MAX_FILE });
}
