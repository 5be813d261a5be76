import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../../topology/model";
import { LOCAL_ROOT, leafDir, linksDir, SERVER_FILES, trimmerDir } from "../daemon/layout";
import { createDaemon } from "../daemon/resource";
import { CONTROL_SOCKET, type LinksSpec, SPEC_FILE } from "../links/model";
import { type TrimSpec, type TrimSpecDevice, trimmedStreams } from "../trim/model";
import { type LocalSite, linksSpec, localSites } from "./sites";

export interface LocalLeavesArgs {
	readonly topology: Topology;
	/** Text of a device's server configuration, with the paths of `SERVER_FILES`, that connects to `site.urls`. */
	readonly conf: (site: LocalSite) => pulumi.Input<string>;
	/** Credentials by device. */
	readonly credentials: Readonly<Record<string, pulumi.Input<string>>>;
	/** PEM of the authority that signed the hub's certificate. */
	readonly ca: pulumi.Input<string>;
	/** Another version than the running one restarts the servers. */
	readonly serverVersion: string;
	/** Give each link the speed and round trip that the fleet file states. @default false: as fast as the machine */
	readonly shaped?: boolean;
	/** Folder of all local processes. @default ".leafline/local" */
	readonly root?: string;
}

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
		createTrimmer(sites, args, root, { parent: this });
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
	return createReloading("links", linksDir(root), "links/links.js", { spec, ports, file: SPEC_FILE }, opts);
}

/** The process that keeps room in the devices' streams, as one on the device itself would. */
function createTrimmer(
	sites: readonly LocalSite[],
	{ topology }: LocalLeavesArgs,
	root: string,
	opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
	const devices = sites.map(({ device, clientPort }): [string, TrimSpecDevice] => [
		device,
		{ url: `nats://127.0.0.1:${clientPort}`, streams: trimmedStreams(topology, device) },
	]);
	const spec: TrimSpec = { devices: Object.fromEntries(devices) };
	return createReloading("trimmer", trimmerDir(root), "trim/trimmer.js", { spec, ports: [], file: SPEC_FILE }, opts);
}

interface Reloading {
	readonly spec: LinksSpec | TrimSpec;
	readonly ports: readonly number[];
	readonly file: string;
}

/** A process of leafline's own that takes a new spec over without a restart, and says when it has. */
function createReloading(
	name: string,
	dir: string,
	script: string,
	{ spec, ports, file }: Reloading,
	opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
	const text = JSON.stringify(spec);
	const hash = createHash("sha256").update(text).digest("hex");
	const ready = { socket: CONTROL_SOCKET, path: `/ready?spec=${hash}` };
	const files = { [file]: text };
	return createDaemon(name, { dir, name, script, ports, ready, reload: [file], files, removeOnDelete: true }, opts);
}

function createLeaf(site: LocalSite, args: LocalLeavesArgs, root: string, opts: pulumi.CustomResourceOptions): void {
	const { device, clientPort } = site;
	const credentials = args.credentials[device];
	if (credentials === undefined) throw new Error(`LocalLeaves: there are no credentials for ${device}`);
	createDaemon(
		device,
		{
			dir: leafDir(root, device),
			name: device,
			program: "nats-server",
			args: ["-c", SERVER_FILES.conf],
			version: args.serverVersion,
			ports: [clientPort],
			ready: { tcp: clientPort },
			files: {
				[SERVER_FILES.conf]: args.conf(site),
				[SERVER_FILES.credentials]: credentials,
				[SERVER_FILES.ca]: args.ca,
			},
			removeOnDelete: args.topology.settings.allowDataLoss,
		},
		opts,
	);
}
