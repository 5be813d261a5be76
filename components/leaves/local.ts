import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
	DEVICE_SPEC_FILE,
	type DeviceSpec,
	KEEP_SOCKET,
	KEEP_SPEC_FILE,
	type KeepSpec,
	type KeptDevice,
	type RestartCommand,
	type WatchedHub,
} from "../../device/spec";
import type { Topology } from "../../topology/model";
import { OWNER } from "../../topology/names";
import { KEEP_ENVIRONMENT } from "../../topology/program-memory";
import { keeperDir, LOCAL_ROOT, leafDir, linksDir, SERVER_FILES } from "../daemon/layout";
import { RECORD_FILE } from "../daemon/record";
import { createReloading } from "../daemon/reloading";
import { createDaemon } from "../daemon/resource";
import { localNodes } from "../hub/local-nodes";
import { CONTROL_SOCKET, SPEC_FILE } from "../links/model";
import { owner } from "../streams/stream";
import { deviceSpec, edgeGroupOf, ownStreams } from "./device-spec";
import { createMqtt } from "./local-mqtt";
import { type LocalSite, linksSpec, localSites } from "./sites";

export interface LocalLeavesArgs {
	readonly topology: Topology;
	/** Text of a device's server configuration, with the paths of `SERVER_FILES`, that connects to `site.urls`. */
	readonly conf: (site: LocalSite) => pulumi.Input<string>;
	/** Text of the configuration of the same server behind closed doors (`render/gate.ts`). */
	readonly gateConf: (site: LocalSite) => pulumi.Input<string>;
	/** Credentials by device. */
	readonly credentials: Readonly<Record<string, pulumi.Input<string>>>;
	/** Seeds of the device programs' users, by device. */
	readonly deviceProgramSeeds: Readonly<Record<string, pulumi.Input<string>>>;
	/** PEM of the authority that signed the hub's certificate. */
	readonly ca: pulumi.Input<string>;
	/** Another version than the running one restarts the servers. */
	readonly serverVersion: string;
	/** Give each link the speed and round trip that the fleet file states. @default false: as fast as the machine */
	readonly shaped?: boolean;
	/** Folder of all local processes. @default ".leafline/local" */
	readonly root?: string;
}

/** From the folder of this module. */
const DAEMON = "../daemon/daemon.js";
/** From the folder of the components. */
const DEVICE_PROGRAM = "../device/leafline-device.js";

/** Every device of the fleet as a leaf node on this machine, each behind a link of its own that can be cut. */
export class LocalLeaves extends pulumi.ComponentResource {
	/** Client URLs by device, on loopback. */
	readonly urls: pulumi.Output<Record<string, string>>;

	constructor(name: string, args: LocalLeavesArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:leaves:LocalLeaves", name, {}, opts);
		const root = args.root ?? LOCAL_ROOT;
		const links = createLinks(args, root, { parent: this });
		const sites = localSites(args.topology);
		for (const site of sites) createLeaf(site, args, root, { parent: this, dependsOn: [links] });
		createKeeper(sites, args, root, { parent: this });
		createMqtt(args.topology, root, { parent: this });
		this.urls = pulumi.output(
			Object.fromEntries(sites.map(({ device, clientPort }) => [device, `nats://127.0.0.1:${clientPort}`])),
		);
		this.registerOutputs({ urls: this.urls });
	}
}

/** The process that carries the links; a device more or less must not cut those of the others, so it reloads. */
function createLinks(
	{ topology, shaped }: LocalLeavesArgs,
	root: string,
	opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
	const spec = linksSpec(topology, { shaped: shaped ?? false });
	const ports = localSites(topology).flatMap(({ linkPorts }) => linkPorts);
	const script = "links/links.js";
	return createReloading(
		"links",
		linksDir(root),
		{ script, spec, ports, file: SPEC_FILE, socket: CONTROL_SOCKET },
		opts,
	);
}

/** The device program beside the devices' servers: one process here, where each device has its own. */
function createKeeper(
	sites: readonly LocalSite[],
	{ topology }: LocalLeavesArgs,
	root: string,
	opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
	const dir = keeperDir(root);
	const devices = sites.map(({ device, clientPort }): [string, KeptDevice] => [
		device,
		{
			url: `nats://127.0.0.1:${clientPort}`,
			dir: path.relative(dir, leafDir(root, device)),
			spec: localDeviceSpec(topology, device),
			...inMemory(topology, device),
			portsDir: SERVER_FILES.portsDir,
			// Nobody starts a server here that has ended.
			restart: again(leafDir(root, device)),
		},
	]);
	const spec: KeepSpec = { devices: Object.fromEntries(devices), ...watchedHub(topology, root, dir) };
	return createReloading(
		"keeper",
		dir,
		{
			script: DEVICE_PROGRAM,
			args: ["keep"],
			env: KEEP_ENVIRONMENT,
			spec,
			ports: [],
			file: KEEP_SPEC_FILE,
			socket: KEEP_SOCKET,
		},
		opts,
	);
}

/** A hub on this machine is looked after by the same process. */
function watchedHub({ settings }: Topology, root: string, dir: string): Pick<KeepSpec, "hubs"> {
	if (settings.hub.kind !== "local") return {};
	const hubs = localNodes(settings, root).map((node): [string, WatchedHub] => [
		node.name,
		{
			monitor: node.monitorUrl,
			dir: path.relative(dir, node.dir),
			storeDir: SERVER_FILES.storeDir,
			record: RECORD_FILE,
			restart: again(node.dir),
		},
	]);
	return { hubs: Object.fromEntries(hubs) };
}

/** How the server in a folder is ended in order and started as it was. */
function again(dir: string): RestartCommand {
	return { script: path.relative(dir, path.join(__dirname, DAEMON)), args: ["again", "."] };
}

/** Not in `device.json`: a change of that restarts the server, which would lose what such streams hold. */
function inMemory(topology: Topology, device: string): Pick<KeptDevice, "memory"> {
	const group = edgeGroupOf(topology, device);
	const memory = group ? ownStreams(group, device, { [OWNER]: owner() }).memory : [];
	return memory.length > 0 ? { memory } : {};
}

function localDeviceSpec(topology: Topology, device: string): DeviceSpec {
	const { storeDir, gateConf, deviceProgram: key } = SERVER_FILES;
	return deviceSpec(topology, device, { storeDir, gateConf, key });
}

function createLeaf(site: LocalSite, args: LocalLeavesArgs, root: string, opts: pulumi.CustomResourceOptions): void {
	const { device, clientPort } = site;
	const credentials = args.credentials[device];
	const seed = args.deviceProgramSeeds[device];
	if (credentials === undefined || seed === undefined) {
		throw new Error(`LocalLeaves: there are no credentials for ${device}`);
	}
	createDaemon(
		device,
		{
			dir: leafDir(root, device),
			name: device,
			program: "nats-server",
			args: ["-c", SERVER_FILES.conf],
			version: args.serverVersion,
			ports: [clientPort],
			before: { script: DEVICE_PROGRAM, args: ["gate"] },
			after: { script: DEVICE_PROGRAM, args: ["seal"] },
			ready: { tcp: clientPort },
			files: {
				[DEVICE_SPEC_FILE]: JSON.stringify(localDeviceSpec(args.topology, device)),
				[SERVER_FILES.conf]: args.conf(site),
				[SERVER_FILES.gateConf]: args.gateConf(site),
				[SERVER_FILES.credentials]: credentials,
				[SERVER_FILES.deviceProgram]: seed,
				[SERVER_FILES.ca]: args.ca,
			},
			removeOnDelete: args.topology.settings.allowDataLoss,
		},
		opts,
	);
}
