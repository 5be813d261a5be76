import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/model";
import { nodePorts } from "../../topology/local-ports";
import type { Readiness } from "../daemon/document";
import { SERVER_FILES } from "../daemon/layout";
import { createDaemon } from "../daemon/resource";
import { digest } from "./digest";
import { type LocalNode, localNodes } from "./local-nodes";
import { createRouteCertificates } from "./routes";

export interface LocalHubArgs {
	readonly settings: Settings;
	/** Text of a node's configuration, with the paths of `SERVER_FILES`. Nodes count from 0. */
	readonly conf: (node: number) => pulumi.Input<string>;
	/** PEM of the leaf port's certificate and its key. */
	readonly tls: { readonly cert: pulumi.Input<string>; readonly key: pulumi.Input<string> };
	/** Another version than the running one restarts the servers. */
	readonly serverVersion: string;
	/** Folder of all local processes. @default ".leafline/local" */
	readonly root?: string;
}

/** Longest time of a node's lame duck mode: `lame_duck_duration` of its configuration, and some more. */
const LEAVE_MS = 45_000;
/** A node that was away fetches what it missed before it counts as ready. */
const CATCH_UP_MS = 300_000;

/**
 * The hub as one nats-server on this machine, or as a cluster of three. An update that restarts nodes of a cluster does
 * so one after the other, each when the one before has everything again. What depends on the component finds every
 * server ready.
 */
export class LocalHub extends pulumi.ComponentResource {
	/** Where leaf nodes connect, every node's. */
	readonly urls: pulumi.Output<string[]>;
	/** Monitoring of each node, on loopback. */
	readonly monitorUrls: pulumi.Output<string[]>;
	/** Known once the servers answer. */
	readonly ready: pulumi.Output<boolean>;
	/** Another one when a server was started again after it died: accounts that it was given may be lost. */
	readonly generation: pulumi.Output<string>;
	readonly serverVersion: string;
	/** Another one when an update restarts servers: streams have other leaders then. */
	readonly restarts: pulumi.Output<string>;

	constructor(name: string, args: LocalHubArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:hub:LocalHub", name, {}, opts);
		const { hub } = args.settings;
		const nodes = localNodes(args.settings, args.root);
		const files = nodes.length > 1 ? { ...tlsFiles(args), ...routeFiles(args.settings, this) } : tlsFiles(args);
		const confs = nodes.map(({ node }) => args.conf(node));

		const servers: pulumi.CustomResource[] = [];
		const outs: pulumi.Output<string>[] = [];
		// Those that do not run come first: no other may be taken away before they are back. With other route ports no
		// node would find those that still have the old ones, so all of them restart at once.
		const inTurn = [...nodes].sort((a, b) => Number(a.running) - Number(b.running));
		const oneByOne = nodes.some(({ running }) => running) && !nodes.some(({ moved }) => moved);
		for (const member of inTurn) {
			const conf = confs[member.node] ?? "";
			const dependsOn = oneByOne ? servers.slice(-1) : [];
			const own = { ...files, [SERVER_FILES.conf]: conf };
			const server = createDaemon(member.name, daemonArgs(args, nodes, member, own), { parent: this, dependsOn });
			servers.push(server);
			outs.push(server.stdout);
		}
		const generation = nodes.map((member) => member.generation).join(",");
		this.urls = pulumi.output(
			nodes.flatMap(({ node }) => hub.addresses.map((address) => `tls://${address}:${nodePorts(hub, node).leaf}`)),
		);
		this.monitorUrls = pulumi.output(nodes.map(({ monitorUrl }) => monitorUrl));
		this.ready = pulumi.all(outs).apply(() => true);
		this.generation = pulumi.output(generation);
		this.serverVersion = args.serverVersion;
		const all = pulumi.all([...confs, ...Object.values(files)]);
		this.restarts = pulumi.unsecret(all.apply((texts) => digest([generation, args.serverVersion, ...texts])));
		this.registerOutputs({ urls: this.urls, monitorUrls: this.monitorUrls });
	}
}

type Files = Record<string, pulumi.Input<string>>;

function tlsFiles({ tls }: LocalHubArgs): Files {
	return { [SERVER_FILES.cert]: tls.cert, [SERVER_FILES.key]: tls.key };
}

/** With other certificates no node could join those that have the old ones: they are protected as the streams are. */
function routeFiles({ allowDataLoss }: Settings, parent: pulumi.Resource): Files {
	const { ca, cert, key } = createRouteCertificates("routes", ["127.0.0.1"], { parent, protect: !allowDataLoss });
	return { [SERVER_FILES.routeCa]: ca, [SERVER_FILES.routeCert]: cert, [SERVER_FILES.routeKey]: key };
}

function daemonArgs(
	{ settings, serverVersion }: LocalHubArgs,
	nodes: readonly LocalNode[],
	{ node, name, dir, generation, monitorUrl }: LocalNode,
	files: Files,
): Parameters<typeof createDaemon>[1] {
	const { leaf, client, monitor, route } = nodePorts(settings.hub, node);
	const others = nodes.filter((other) => other.node !== node).map((other) => other.monitorUrl);
	const alone = nodes.length === 1;
	// Of JetStream only that it runs: a stream that is in trouble must not keep the hub from being managed.
	const ready: Readiness = alone
		? { http: `${monitorUrl}/healthz?js-server-only=true` }
		: { monitor: monitorUrl, others };
	return {
		dir,
		generation,
		name,
		program: "nats-server",
		args: ["-c", SERVER_FILES.conf],
		version: serverVersion,
		ports: alone ? [leaf, client, monitor] : [leaf, client, monitor, route],
		ready,
		...(!alone && { readyTimeoutMs: CATCH_UP_MS, leave: { signal: "SIGUSR2", withinMs: LEAVE_MS } }),
		files,
		removeOnDelete: settings.allowDataLoss,
	};
}
