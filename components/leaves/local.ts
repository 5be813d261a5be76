import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedDevice, Topology } from "../../topology/model";
import { LOCAL_ROOT, leafDir, linksDir, SERVER_FILES } from "../daemon/layout";
import { createDaemon } from "../daemon/resource";
import { CONTROL_SOCKET, SPEC_FILE } from "../links/model";
import { linksSpec } from "./links-spec";

export interface LocalLeavesArgs {
	readonly topology: Topology;
	/** Text of a device's server configuration, with the paths of `SERVER_FILES`, that connects to `url`. */
	readonly conf: (device: PlannedDevice, url: string) => pulumi.Input<string>;
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
		for (const device of Object.values(args.topology.devices)) {
			const credentials = args.credentials[device.name];
			const link = spec.links[device.name];
			if (credentials === undefined || !link) throw new Error(`device ${device.name} has no credentials or no link`);
			createDaemon(
				device.name,
				{
					dir: leafDir(root, device.name),
					name: device.name,
					program: "nats-server",
					args: ["-c", SERVER_FILES.conf],
					version: args.serverVersion,
					ports: [device.clientPort],
					ready: { tcp: device.clientPort },
					files: {
						[SERVER_FILES.conf]: args.conf(device, `tls://127.0.0.1:${link.listen}`),
						[SERVER_FILES.credentials]: credentials,
						[SERVER_FILES.ca]: args.ca,
					},
					removeOnDelete: args.topology.settings.allowDataLoss,
				},
				{ parent: this, dependsOn: [links] },
			);
		}
		this.urls = pulumi.output(
			Object.fromEntries(
				Object.values(args.topology.devices).map((device) => [device.name, `nats://127.0.0.1:${device.clientPort}`]),
			),
		);
		this.registerOutputs({ urls: this.urls });
	}
}
