import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import type { HubSettings } from "../../../config/model";
import { ROUTE_PORT } from "../../../render/hub";
import { type Access, accessTo, INTERNET } from "../../../render/node/access";
import type { Tagger } from "./naming";

export interface FirewallArgs {
	readonly vpcId: pulumi.Input<string>;
	readonly hub: HubSettings;
	readonly tags: Tagger;
}

/**
 * The hub's security group. Rules are resources of their own, each with a reason: mixed with rules inside of the group
 * they would take each other away.
 */
export function createFirewall(
	name: string,
	args: FirewallArgs,
	opts: pulumi.CustomResourceOptions,
): ec2.SecurityGroup {
	const { hub, tags } = args;
	const group = new ec2.SecurityGroup(
		name,
		{ vpcId: args.vpcId, description: "Nodes of the hub", tags: tags(name) },
		opts,
	);
	const tcp = (port: number) => ({ securityGroupId: group.id, ipProtocol: "tcp", fromPort: port, toPort: port });
	const letIn = (rule: string, what: Omit<vpc.SecurityGroupIngressRuleArgs, "securityGroupId">, more = {}) =>
		new vpc.SecurityGroupIngressRule(
			`${name}-${rule}`,
			{ securityGroupId: group.id, ...what, tags: tags(`${name}-${rule}`) },
			{ ...opts, ...more },
		);
	const letOut = (rule: string, what: Omit<vpc.SecurityGroupEgressRuleArgs, "securityGroupId">) =>
		new vpc.SecurityGroupEgressRule(
			`${name}-${rule}`,
			{ securityGroupId: group.id, ...what, tags: tags(`${name}-${rule}`) },
			opts,
		);

	for (const { key, port, from, reason } of accessTo(hub)) {
		// Readers come and go; what devices need stays.
		const more = typeof from === "object" ? { protect: false } : {};
		letIn(key, { ...tcp(port), ...source(from, group), description: reason }, more);
	}
	letOut("services", {
		...tcp(443),
		cidrIpv4: "0.0.0.0/0",
		description: "Systems Manager, S3, CloudWatch and packages of the distribution, by HTTPS",
	});
	if (hub.nodes > 1) {
		letOut("routes-out", {
			...tcp(ROUTE_PORT),
			referencedSecurityGroupId: group.id,
			description: "Routes between the nodes, mutual TLS",
		});
	}
	return group;
}

function source(from: Access["from"], { id }: ec2.SecurityGroup) {
	if (from === "internet") return { cidrIpv4: INTERNET };
	return { referencedSecurityGroupId: from === "nodes" ? id : from.group };
}
