import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import { ROUTE_PORT } from "../../../render/hub";
import type { Tagger } from "./naming";

export interface FirewallArgs {
	readonly vpcId: pulumi.Input<string>;
	/** The one port that the world may reach. */
	readonly leafPort: number;
	readonly clientPort: number;
	/** More than one: routes between the nodes. */
	readonly nodes: number;
	/** Security groups whose members may use the client port, by TLS. */
	readonly readers: readonly string[];
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
	const { leafPort, clientPort, nodes, readers, tags } = args;
	const group = new ec2.SecurityGroup(
		name,
		{ vpcId: args.vpcId, description: "Nodes of the hub", tags: tags(name) },
		opts,
	);
	const tcp = (port: number) => ({ securityGroupId: group.id, ipProtocol: "tcp", fromPort: port, toPort: port });
	const letIn = (rule: string, what: Omit<vpc.SecurityGroupIngressRuleArgs, "securityGroupId">) =>
		new vpc.SecurityGroupIngressRule(
			`${name}-${rule}`,
			{ securityGroupId: group.id, ...what, tags: tags(`${name}-${rule}`) },
			opts,
		);
	const letOut = (rule: string, what: Omit<vpc.SecurityGroupEgressRuleArgs, "securityGroupId">) =>
		new vpc.SecurityGroupEgressRule(
			`${name}-${rule}`,
			{ securityGroupId: group.id, ...what, tags: tags(`${name}-${rule}`) },
			opts,
		);

	letIn("leaves", {
		...tcp(leafPort),
		cidrIpv4: "0.0.0.0/0",
		description: "Devices and administrators: leaf nodes, TLS",
	});
	letOut("services", {
		...tcp(443),
		cidrIpv4: "0.0.0.0/0",
		description: "Systems Manager, S3, CloudWatch and packages of the distribution, by HTTPS",
	});
	if (nodes > 1) {
		const between = { ...tcp(ROUTE_PORT), referencedSecurityGroupId: group.id };
		letIn("routes-in", { ...between, description: "Routes between the nodes, mutual TLS" });
		letOut("routes-out", { ...between, description: "Routes between the nodes, mutual TLS" });
	}
	for (const reader of readers) {
		const what = { ...tcp(clientPort), referencedSecurityGroupId: reader };
		letIn(`reader-${reader}`, { ...what, description: "Readers in this network: clients, TLS" });
	}
	return group;
}
