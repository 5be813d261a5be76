import * as pulumi from "@pulumi/pulumi";
import { type AwsHubPlan, awsSettings, planAwsHub } from "../../../topology/aws";
import { nodeNames } from "../../../topology/aws-names";
import type { Topology } from "../../../topology/model";
import { createAddresses, createNames, type NodeAddress } from "./addresses";
import { createFirewall } from "./firewall";
import { tagger } from "./naming";
import { createNetwork } from "./network";

export interface AwsSiteArgs {
	/** Of a stack whose hub is on AWS (`settings.hub.aws`). */
	readonly topology: Topology;
}

/** Where a node is and how it is reached, whichever machine it runs on. */
export interface NodeSite extends NodeAddress {
	/** By what devices reach it: a name of its own, else its elastic address. */
	readonly host: pulumi.Output<string>;
}

/**
 * Where the hub will be: network, firewall, interfaces, public addresses and names. It stands before the hub does,
 * because the hub's certificate and the devices' configurations name these addresses, and it outlives every node.
 */
export class AwsSite extends pulumi.ComponentResource {
	readonly plan: AwsHubPlan;
	readonly nodes: readonly NodeSite[];
	/** Blocks of addresses of the network that the nodes are in. */
	readonly blocks: pulumi.Output<string[]>;
	/** For the certificate: every name and address by which somebody reaches a node. */
	readonly hosts: pulumi.Output<string[]>;
	/** Where leaf nodes connect, every node's. */
	readonly urls: pulumi.Output<string[]>;

	constructor(name: string, { topology }: AwsSiteArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:hub:AwsSite", name, {}, opts);
		const { allowDataLoss, hub } = topology.settings;
		const tags = tagger(topology);
		// A destroy that is refused has begun all the same: what nothing depends on goes first, and that is the way in.
		const own = { parent: this, protect: !allowDataLoss };
		this.plan = planAwsHub(topology);
		const keys = this.plan.nodes.map(({ key }) => key);
		const { network, readers, dns } = awsSettings(topology);

		const { instanceType } = this.plan;
		const where = { network, instanceType, nodes: keys, tags };
		const place = createNetwork(name, where, own);
		const group = createFirewall(name, { vpcId: place.vpcId, hub, tags }, own);
		const args = { network: place, securityGroup: group.id, tags };
		const addresses = createAddresses(name, args, own);
		if (dns) createNames(name, { dns, addresses }, own);

		const names = dns ? nodeNames(dns, keys) : hub.addresses;
		this.blocks = place.blocks;
		this.nodes = addresses.map((address, index) => {
			return { ...address, host: names[index] === undefined ? address.publicAddress : pulumi.output(names[index]) };
		});
		const inside = readers.length > 0 ? addresses.map(({ privateAddress }) => privateAddress) : [];
		const known = [...hub.addresses, ...(dns ? [dns.name, ...nodeNames(dns, keys)] : [])];
		const everyHost = [...known, ...addresses.map(({ publicAddress }) => publicAddress), ...inside];
		this.hosts = pulumi.all(everyHost).apply((hosts) => [...new Set(hosts)]);
		this.urls = pulumi
			.all(this.nodes.map(({ host }) => host))
			.apply((hosts) => hosts.map((host) => leafUrl(host, hub.leafPort)));
		this.registerOutputs({ hosts: this.hosts, urls: this.urls });
	}
}

function leafUrl(host: string, port: number): string {
	return `tls://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
