import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../../topology/model";
import { LOCAL_ROOT, leafDir, linksDir, SERVER_FILES } from "../daemon/layout";
import { createDaemon } from "../daemon/resource";
import { CONTROL_SOCKET, SPEC_FILE } from "../links/model";
import { type LocalSite, linksSpec, localSites } from "./sites";

export interface LocalLeavesArgs {
	readonly topology: Topology;
	/** Text of a device's server configuration, with the paths of `SERVER_FILES`, that connects to `site.url`. */
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
		const spec = linksSpec(args.topology, { shaped: args.shaped ?? false });
		const text = JSON.stringify(spec);
		const links = createDaemon(
			"links",
			{
				dir: linksDir(root),
				name: "links",
				script: "links/links.js",
				ports: Object.values(spec.links).map(({ listen }) => listen),
				ready: {
					socket: CONTROL_SOCKET,
					path: `/ready?spec=${createHash("sha256").update(text).digest("hex")}`,
				},
				// A device more or less must not cut the links of the others.
				reload: [SPEC_FILE],
				files: { [SPEC_FILE]: text },
				removeOnDelete: true,
			},
			{ parent: this },
		);
		const sites = localSites(args.topology);
		for (const site of sites) createLeaf(site, args, root, { parent: this, dependsOn: [links] });
		this.urls = pulumi.output(
			Object.fromEntries(sites.map(({ device, clientPort }) => [device, `nats://127.0.0.1:${clientPort}`])),
		);
		this.registerOutputs({ urls: this.urls });
	}
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
