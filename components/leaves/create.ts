import type * as pulumi from "@pulumi/pulumi";
import { DEVICE_FILES } from "../../render/bundle/leaf";
import { renderGateConf } from "../../render/gate";
import { type LeafConfOptions, renderLeafConf } from "../../render/leaf";
import type { Topology } from "../../topology/model";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../daemon/layout";
import type { DeviceKeys, Identity } from "../identity/identity";
import { LocalLeaves } from "./local";
import { localMaxFile } from "./max-file";
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
	const deviceProgramSeeds = Object.fromEntries(
		sites.map(({ device }) => [device, identity.deviceProgramSeed(device)]),
	);
	const keys = identity.deviceKeys();
	const conf = (site: LocalSite) => keys.apply((known) => localLeafConf(topology, site, LOCAL_ROOT, known));
	const gateConf = (site: LocalSite) => renderGateConf(topology, site.device, localOptions(topology, site, LOCAL_ROOT));
	const ca = identity.caPem;
	return [
		new LocalLeaves("leaves", { topology, conf, gateConf, credentials, deviceProgramSeeds, ca, serverVersion }, opts),
	];
}

/**
 * The output `leafConfigs`: what every device's nats-server is to read. No seed and no token is in it; what is in that of
 * one device is for no other device, though, for its own public key is.
 * @param urls where leaf nodes connect, every node's; local devices connect to their links instead
 * @param keys public keys by device
 * @param root folder of the processes on this machine
 */
export function leafConfigs(
	topology: Topology,
	urls: readonly string[],
	keys: Keys,
	root = LOCAL_ROOT,
): Record<string, string> {
	const { settings, devices } = topology;
	if (settings.leaves.local) {
		return Object.fromEntries(
			localSites(topology).map((site) => [site.device, localLeafConf(topology, site, root, keys)]),
		);
	}
	return Object.fromEntries(
		Object.keys(devices).map((name) => [
			name,
			renderLeafConf(topology, name, { ...DEVICE_FILES, urls, ...keyOptions(keys, name) }),
		]),
	);
}

type Keys = Readonly<Record<string, DeviceKeys>>;

function localLeafConf(topology: Topology, site: LocalSite, root: string, keys: Keys): string {
	return renderLeafConf(topology, site.device, {
		...localOptions(topology, site, root),
		...keyOptions(keys, site.device),
	});
}

function keyOptions(keys: Keys, device: string): Pick<LeafConfOptions, "cluster" | "deviceProgram"> {
	const key = keys[device];
	return key === undefined ? {} : { cluster: key.user, deviceProgram: key.program };
}

function localOptions(topology: Topology, { device, urls, clientPort }: LocalSite, root: string): LeafConfOptions {
	const { credentials, ca, storeDir } = SERVER_FILES;
	const { hardware = "" } = topology.fleet.groups[topology.fleet.devices[device]?.group ?? ""] ?? {};
	const buffer = topology.fleet.hardware[hardware]?.bufferBytes ?? 0;
	const maxFileBytes = localMaxFile(leafDir(root, device), buffer);
	// Its health, and a full disk, can be seen by its monitoring alone.
	const monitoring = { monitorPort: -1, portsFileDir: SERVER_FILES.portsDir };
	return { urls, clientPort, credentials, ca, storeDir, maxFileBytes, ...monitoring };
}
