import * as pulumi from "@pulumi/pulumi";
import type { ClusterOptions } from "../../../render/hub";
import { ROUTE_PORT } from "../../../render/hub";
import { confPath, NODE, PARAMETER } from "../../../render/node/files";
import type { Topology } from "../../../topology/model";
import type { Identity } from "../../identity/identity";
import { hubConf } from "../create";
import { AwsHub } from "./hub";
import type { NodeConf } from "./hub-node";
import { serverBinary } from "./server-binary";
import type { AwsSite } from "./site";

/** The hub on AWS with the identity of its environment. */
export function createAwsHub(
	topology: Topology,
	identity: Identity,
	site: AwsSite,
	opts?: pulumi.ComponentResourceOptions,
): AwsHub {
	const { serverCert, serverKey } = identity;
	const profile = new pulumi.Config("aws").get("profile");
	const args = {
		topology,
		site,
		conf: (node: NodeConf) => hubConf(topology, identity, nodeOptions(topology, node)),
		tls: { cert: serverCert, key: serverKey },
		binary: serverBinary(site.plan.architecture),
		...(profile !== undefined && { profile }),
	};
	return new AwsHub("hub", args, opts);
}

/** Where a node's server listens, and where its files are. */
function nodeOptions({ settings }: Topology, { index, host, privateAddress, routes }: NodeConf) {
	const { clientPort, leafPort, aws } = settings.hub;
	const tls = { cert: confPath(PARAMETER.leafCert), key: confPath(PARAMETER.leafKey) };
	const cluster: ClusterOptions = {
		listen: `${privateAddress}:${ROUTE_PORT}`,
		advertise: `${privateAddress}:${ROUTE_PORT}`,
		routes,
		// Between zones every byte is paid for, and there are three times as many as devices send.
		compression: "s2_fast",
		tls: {
			cert: confPath(PARAMETER.routeCert),
			key: confPath(PARAMETER.routeKey),
			ca: confPath(PARAMETER.routeCa),
		},
	};
	return {
		node: index,
		address: host,
		tls,
		leafListen: `0.0.0.0:${leafPort}`,
		// Readers come from this network; the firewall lets in those that are named.
		...(aws !== undefined &&
			aws.readers.length > 0 && { clientListen: `${privateAddress}:${clientPort}`, clientTls: tls }),
		...(routes.length > 0 && { cluster }),
		pidFile: NODE.pidFile,
	};
}
