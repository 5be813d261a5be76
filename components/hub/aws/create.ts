import * as pulumi from "@pulumi/pulumi";
import { type NodeConf, nodeOptions } from "../../../render/node/hub-conf";
import type { Topology } from "../../../topology/model";
import type { Identity } from "../../identity/identity";
import { hubConf } from "../create";
import { AwsHub } from "./hub";
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
		conf: (node: NodeConf) => hubConf(topology, identity, nodeOptions(topology.settings.hub, node)),
		tls: { cert: serverCert, key: serverKey },
		binary: serverBinary(site.plan.architecture, topology.settings.hub.server),
		...(profile !== undefined && { profile }),
	};
	return new AwsHub("hub", args, opts);
}
