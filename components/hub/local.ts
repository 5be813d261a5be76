import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/model";
import { hubDir, LOCAL_ROOT, SERVER_FILES } from "../daemon/layout";
import { generation } from "../daemon/record";
import { createDaemon } from "../daemon/resource";

export interface LocalHubArgs {
	readonly settings: Settings;
	/** Text of the server's configuration, with the paths of `SERVER_FILES`. */
	readonly conf: pulumi.Input<string>;
	/** PEM of the leaf port's certificate and its key. */
	readonly tls: { readonly cert: pulumi.Input<string>; readonly key: pulumi.Input<string> };
	/** Another version than the running one restarts the server. */
	readonly serverVersion: string;
	/** Folder of all local processes. @default ".leafline/local" */
	readonly root?: string;
}

/** The hub as one nats-server on this machine. What depends on the component finds the server ready. */
export class LocalHub extends pulumi.ComponentResource {
	/** Where leaf nodes connect. */
	readonly urls: pulumi.Output<string[]>;
	/** Monitoring, on loopback. */
	readonly monitorUrl: pulumi.Output<string>;
	/** Known once the server answers. */
	readonly ready: pulumi.Output<boolean>;
	/** Another one when the server was started again after it died: accounts that it was given may be lost. */
	readonly generation: pulumi.Output<string>;

	constructor(name: string, args: LocalHubArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:hub:LocalHub", name, {}, opts);
		const { hub, allowDataLoss } = args.settings;
		const monitorUrl = `http://127.0.0.1:${hub.monitorPort}`;
		const dir = hubDir(args.root ?? LOCAL_ROOT);
		// Asked once: of a server that never ran it is a time, which moves on.
		const current = generation(dir);
		const server = createDaemon(
			"hub",
			{
				dir,
				generation: current,
				name: "hub",
				program: "nats-server",
				args: ["-c", SERVER_FILES.conf],
				version: args.serverVersion,
				ports: [hub.leafPort, hub.clientPort, hub.monitorPort],
				// Of JetStream only that it runs: a stream that is in trouble must not keep the hub from being managed.
				ready: { http: `${monitorUrl}/healthz?js-server-only=true` },
				files: {
					[SERVER_FILES.conf]: args.conf,
					[SERVER_FILES.cert]: args.tls.cert,
					[SERVER_FILES.key]: args.tls.key,
				},
				removeOnDelete: allowDataLoss,
			},
			{ parent: this },
		);
		this.urls = pulumi.output(hub.addresses.map((address) => `tls://${address}:${hub.leafPort}`));
		this.monitorUrl = pulumi.output(monitorUrl);
		this.ready = server.stdout.apply(() => true);
		this.generation = pulumi.output(String(current));
		this.registerOutputs({ urls: this.urls, monitorUrl: this.monitorUrl });
	}
}
