import * as pulumi from "@pulumi/pulumi";
import { type ClusterOptions, type HubConfOptions, renderHubConf } from "../../render/hub";
import { planAwsHub } from "../../topology/aws";
import { nodePorts } from "../../topology/local-ports";
import type { Topology } from "../../topology/model";
import { SERVER_FILES } from "../daemon/layout";
import type { Identity } from "../identity/identity";
import type { AwsSite } from "./aws/site";
import { LocalHub } from "./local";
import { serverVersion } from "./version";

/** What a stack needs of its hub, wherever it runs. What depends on it finds every server ready. */
export interface Hub extends pulumi.ComponentResource {
	/** Where leaf nodes connect, every node's. */
	readonly urls: pulumi.Output<string[]>;
	/** Another one when the hub was made anew: accounts that it was given may be lost. */
	readonly generation: pulumi.Output<string>;
	/** Version of its nats-server, for example `2.15.2+leafline.4`. */
	readonly serverVersion: string;
	/** Another one when an update restarts servers. @default never spread the leaders of streams again */
	readonly restarts?: pulumi.Output<string>;
}

/** Where the hub will be, which its certificate must name; nothing to make for a hub on this machine. */
export async function createSite(topology: Topology): Promise<AwsSite | undefined> {
	if (topology.settings.hub.kind === "local") return undefined;
	// Loaded only where it is needed: the SDK of AWS takes as long to load as all the rest.
	const { AwsSite } = await import("./aws/site");
	// What the hub will need and may not be there is said before anything is made.
	const { serverBinary } = await import("./aws/server-binary");
	serverBinary(planAwsHub(topology).architecture, topology.settings.hub.server);
	return new AwsSite("site", { topology });
}

/** The hub of an environment, where its settings say. */
export async function createHub(topology: Topology, identity: Identity, site: AwsSite | undefined): Promise<Hub> {
	if (site === undefined) return createLocalHub(topology, identity);
	const { createAwsHub } = await import("./aws/create");
	return createAwsHub(topology, identity, site);
}

function createLocalHub(topology: Topology, identity: Identity): LocalHub {
	const { serverCert, serverKey } = identity;
	const { settings } = topology;
	const { storeDir, cert, key, routeCa, routeCert, routeKey } = SERVER_FILES;
	const nodes = Array.from({ length: settings.hub.nodes }, (_, node) => nodePorts(settings.hub, node));
	const routes = nodes.map(({ route }) => `nats-route://127.0.0.1:${route}`);
	const cluster: ClusterOptions = {
		routes,
		compression: "s2_fast",
		tls: { cert: routeCert, key: routeKey, ca: routeCa },
	};
	const conf = (node: number) =>
		hubConf(topology, identity, { node, tls: { cert, key }, storeDir, ...(nodes.length > 1 && { cluster }) });
	const tls = { cert: serverCert, key: serverKey };
	return new LocalHub("hub", { settings, conf, tls, serverVersion: serverVersion() });
}

/** Text of a node's configuration, with what the identity adds to it. */
export function hubConf(
	topology: Topology,
	{ operatorJwt, systemAccount, systemAccountJwt }: Identity,
	options: Omit<HubConfOptions, "operatorJwt" | "systemAccount" | "preload">,
): pulumi.Output<string> {
	return pulumi.all([operatorJwt, systemAccount, systemAccountJwt]).apply(([operator, system, systemJwt]) =>
		renderHubConf(topology, {
			...options,
			operatorJwt: operator,
			systemAccount: system,
			// The other accounts are pushed at run time: a change of permissions must not restart the hub.
			preload: { [system]: systemJwt },
		}),
	);
}
