import * as ec2 from "@pulumi/aws/ec2";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import type { AwsDns } from "../../../config/aws-model";
import type { Tagger } from "./naming";
import type { Network, NodePlace } from "./network";

/** What stays the same when a node is replaced. */
export interface NodeAddress extends NodePlace {
	readonly interfaceId: pulumi.Output<string>;
	/** Of the interface; other nodes know this one by it. */
	readonly privateAddress: pulumi.Output<string>;
	/** The elastic address. */
	readonly publicAddress: pulumi.Output<string>;
}

export interface AddressesArgs {
	readonly network: Network;
	readonly securityGroup: pulumi.Input<string>;
	readonly tags: Tagger;
}

/** A network interface and an elastic address for each node: they survive the node. */
export function createAddresses(
	name: string,
	{ network, securityGroup, tags }: AddressesArgs,
	opts: pulumi.CustomResourceOptions,
): NodeAddress[] {
	return network.places.map((place): NodeAddress => {
		const node = `${name}-${place.key}`;
		const card = new ec2.NetworkInterface(
			node,
			{
				subnetId: place.subnetId,
				...(place.privateIp !== undefined && { privateIps: [place.privateIp] }),
				securityGroups: [securityGroup],
				description: `Hub node ${place.key}; outlives its instance`,
				tags: tags(node),
			},
			opts,
		);
		// It may be what hundreds of devices have in their configuration.
		const address = new ec2.Eip(node, { domain: "vpc", tags: tags(node) }, opts);
		const association = new ec2.EipAssociation(
			node,
			{ allocationId: address.id, networkInterfaceId: card.id },
			{ ...opts, ...(network.gateway && { dependsOn: network.gateway }) },
		);
		// Whoever uses the address waits until it leads somewhere.
		const publicAddress = pulumi.all([address.publicIp, association.id]).apply(([ip]) => ip);
		return { ...place, interfaceId: card.id, privateAddress: card.privateIp, publicAddress };
	});
}

/** Records in Route 53: the hub's name for all nodes, and one for each. */
export function createNames(
	name: string,
	{ dns, addresses }: { readonly dns: AwsDns; readonly addresses: readonly NodeAddress[] },
	opts: pulumi.CustomResourceOptions,
): void {
	const record = (key: string, host: string, records: pulumi.Input<string>[]) =>
		new route53.Record(key, { zoneId: dns.zoneId, name: host, type: "A", ttl: 60, records }, opts);
	record(
		name,
		dns.name,
		addresses.map(({ publicAddress }) => publicAddress),
	);
	if (addresses.length === 1) return;
	for (const { key, publicAddress } of addresses) record(`${name}-${key}`, `${key}.${dns.name}`, [publicAddress]);
}
