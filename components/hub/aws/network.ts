import * as ec2 from "@pulumi/aws/ec2";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import * as pulumi from "@pulumi/pulumi";
import { long2ip, Netmask } from "netmask";
import { isGiven } from "../../../config/aws";
import type { GivenNetwork, OwnNetwork } from "../../../config/aws-model";
import type { Tagger } from "./naming";

export interface NetworkArgs {
	readonly network: OwnNetwork | GivenNetwork;
	/** Of the nodes: not every zone has every type. */
	readonly instanceType: string;
	/** Keys of the nodes; each gets a subnet in a zone of its own. */
	readonly nodes: readonly string[];
	readonly tags: Tagger;
}

export interface Network {
	readonly vpcId: pulumi.Output<string>;
	/** Its blocks of addresses. */
	readonly blocks: pulumi.Output<string[]>;
	readonly places: readonly NodePlace[];
	/** Public addresses work only when this is there. */
	readonly gateway?: pulumi.Resource;
}

/** Where a node is. */
export interface NodePlace {
	readonly key: string;
	readonly subnetId: pulumi.Output<string>;
	readonly zone: pulumi.Output<string>;
	/** Absent in a given network, where AWS chooses one that is free. */
	readonly privateIp?: string;
}

/** The network of the nodes: the user's, or one with a public subnet for each node. */
export function createNetwork(name: string, args: NetworkArgs, opts: pulumi.CustomResourceOptions): Network {
	return isGiven(args.network) ? givenNetwork(args.network, args, opts) : ownNetwork(name, args.network, args, opts);
}

function givenNetwork(network: GivenNetwork, { nodes }: NetworkArgs, opts: pulumi.InvokeOptions): Network {
	const places = nodes.map((key, index) => {
		const id = network.subnetIds[index] ?? "";
		const subnet = ec2.getSubnetOutput({ id }, opts);
		return { key, subnetId: pulumi.output(id), zone: subnet.availabilityZone };
	});
	const { cidrBlockAssociations } = ec2.getVpcOutput({ id: network.vpcId }, opts);
	const blocks = cidrBlockAssociations.apply((all) => all.map(({ cidrBlock }) => cidrBlock));
	return { vpcId: pulumi.output(network.vpcId), blocks, places };
}

function ownNetwork(
	name: string,
	{ cidr, zones }: OwnNetwork,
	{ instanceType, nodes, tags }: NetworkArgs,
	opts: pulumi.CustomResourceOptions,
): Network {
	const vpc = new ec2.Vpc(
		name,
		{ cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags(name) },
		opts,
	);
	// The group that instances get when nobody names one: empty, so that nothing is open by forgetting. It comes with the
	// network and without a tag, and stays so: who may tag groups that have no tag yet can take anybody's.
	new ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.id }, opts);
	const gateway = new ec2.InternetGateway(name, { vpcId: vpc.id, tags: tags(name) }, opts);
	const routes = new ec2.RouteTable(name, { vpcId: vpc.id, tags: tags(name) }, opts);
	new ec2.Route(
		`${name}-out`,
		{ routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
		opts,
	);
	const named = zones ? pulumi.output([...zones]) : firstZones(nodes.length, instanceType, opts);
	const places = nodes.map((key, index): NodePlace => {
		const zone = named.apply((all) => all[index] ?? "");
		const { block, host } = nodeBlock(cidr, index);
		const subnet = new ec2.Subnet(
			`${name}-${key}`,
			{ vpcId: vpc.id, cidrBlock: block, availabilityZone: zone, tags: tags(`${name}-${key}`) },
			// Another zone that AWS opens must not move a node: the answer of the first time holds.
			{ ...opts, ...(zones === undefined && { ignoreChanges: ["availabilityZone"] }) },
		);
		new ec2.RouteTableAssociation(`${name}-${key}`, { routeTableId: routes.id, subnetId: subnet.id }, opts);
		return { key, subnetId: subnet.id, zone: subnet.availabilityZone, privateIp: host };
	});
	return { vpcId: vpc.id, blocks: pulumi.output([cidr]), places, gateway };
}

function firstZones(count: number, instanceType: string, opts: pulumi.InvokeOptions): pulumi.Output<string[]> {
	// Local zones and those that an account must ask for first are no place for a hub.
	const filters = [{ name: "opt-in-status", values: ["opt-in-not-required"] }];
	const open = getAvailabilityZonesOutput({ state: "available", filters }, opts).names;
	const type = [{ name: "instance-type", values: [instanceType] }];
	const offered = { locationType: "availability-zone", filters: type };
	const selling = ec2.getInstanceTypeOfferingsOutput(offered, opts).locations;
	return pulumi.all([open, selling]).apply(([zones, offering]) => {
		const names = zones.filter((zone) => offering.includes(zone));
		if (names.length >= count) return names.sort().slice(0, count);
		throw new pulumi.RunError(
			`${names.length} zones of the region have ${instanceType}, and the hub has ${count} nodes: ` +
				"choose another type (leafline:hub.aws.instanceType) or region",
		);
	});
}

/** A quarter of the network for each node, so that the last one is left for whatever comes. The node is its 10th address. */
export function nodeBlock(cidr: string, index: number): { block: string; host: string } {
	const { base, bitmask } = new Netmask(cidr);
	const block = new Netmask(`${base}/${bitmask + 2}`).next(index);
	return { block: `${block.base}/${block.bitmask}`, host: long2ip(block.netLong + 10) };
}
