import { type CallsOf, call, retagging, tagged, tagging } from "./model";

export const NETWORK: Readonly<Record<string, CallsOf>> = {
	"aws:ec2/vpc:Vpc": ({ seen, world }) => {
		const [vpc, made] = [world.own("vpc"), world.made("vpc")];
		return {
			source: "ec2/vpc_.go",
			create: [
				call("ec2:CreateVpc", [made], tagging(seen.inputs.tags)),
				tagged("CreateVpc", made, seen.inputs.tags),
				call("ec2:ModifyVpcAttribute", [vpc]),
			],
			read: [
				call("ec2:DescribeVpcs"),
				call("ec2:DescribeVpcAttribute", [vpc]),
				call("ec2:DescribeNetworkAcls"),
				call("ec2:DescribeRouteTables"),
				call("ec2:DescribeSecurityGroups"),
			],
			update: [call("ec2:ModifyVpcAttribute", [vpc]), ...retagging(vpc)],
			delete: [call("ec2:DeleteVpc", [vpc])],
		};
	},
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ({ world }) => {
		// It comes with the network, and without a tag.
		const group = { arn: world.arn("ec2", "security-group/sg-default") };
		return {
			source: "ec2/vpc_default_security_group.go",
			create: [call("ec2:RevokeSecurityGroupIngress", [group]), call("ec2:RevokeSecurityGroupEgress", [group])],
			read: [call("ec2:DescribeSecurityGroups")],
			update: [],
			delete: [],
		};
	},
	"aws:ec2/internetGateway:InternetGateway": ({ seen, world }) => {
		const [gateway, made] = [world.own("internet-gateway"), world.made("internet-gateway")];
		return {
			source: "ec2/vpc_internet_gateway.go",
			create: [
				call("ec2:CreateInternetGateway", [made], tagging(seen.inputs.tags)),
				tagged("CreateInternetGateway", made, seen.inputs.tags),
				call("ec2:AttachInternetGateway", [gateway, world.vpc]),
			],
			read: [call("ec2:DescribeInternetGateways")],
			update: retagging(gateway),
			delete: [call("ec2:DetachInternetGateway", [gateway, world.vpc]), call("ec2:DeleteInternetGateway", [gateway])],
		};
	},
	"aws:ec2/routeTable:RouteTable": ({ seen, world }) => {
		const [table, made] = [world.own("route-table"), world.made("route-table")];
		return {
			source: "ec2/vpc_route_table.go",
			create: [
				call("ec2:CreateRouteTable", [made, world.vpc], tagging(seen.inputs.tags)),
				tagged("CreateRouteTable", made, seen.inputs.tags),
			],
			read: [call("ec2:DescribeRouteTables")],
			update: retagging(table),
			delete: [call("ec2:DisassociateRouteTable", [table]), call("ec2:DeleteRouteTable", [table])],
		};
	},
	"aws:ec2/route:Route": ({ world }) => {
		const table = world.own("route-table");
		return {
			source: "ec2/vpc_route.go",
			create: [call("ec2:CreateRoute", [table])],
			read: [call("ec2:DescribeRouteTables")],
			update: [call("ec2:ReplaceRoute", [table])],
			delete: [call("ec2:DeleteRoute", [table])],
		};
	},
	"aws:ec2/subnet:Subnet": ({ seen, world }) => {
		const [subnet, made] = [world.own("subnet"), world.made("subnet")];
		return {
			source: "ec2/vpc_subnet.go",
			create: [
				call("ec2:CreateSubnet", [made, world.vpc], tagging(seen.inputs.tags)),
				tagged("CreateSubnet", made, seen.inputs.tags),
			],
			read: [call("ec2:DescribeSubnets")],
			update: [call("ec2:ModifySubnetAttribute", [subnet]), ...retagging(subnet)],
			delete: [call("ec2:DescribeNetworkInterfaces"), call("ec2:DeleteSubnet", [subnet])],
		};
	},
	"aws:ec2/routeTableAssociation:RouteTableAssociation": ({ world }) => {
		const both = [world.own("route-table"), world.own("subnet")];
		return {
			source: "ec2/vpc_route_table_association.go",
			create: [call("ec2:AssociateRouteTable", both)],
			read: [call("ec2:DescribeRouteTables")],
			update: [call("ec2:ReplaceRouteTableAssociation", both)],
			delete: [call("ec2:DisassociateRouteTable", both)],
		};
	},
	"aws:ec2/securityGroup:SecurityGroup": ({ seen, world }) => {
		const [group, made] = [world.own("security-group"), world.made("security-group")];
		return {
			source: "ec2/vpc_security_group.go",
			create: [
				call("ec2:CreateSecurityGroup", [made, world.vpc], tagging(seen.inputs.tags)),
				tagged("CreateSecurityGroup", made, seen.inputs.tags),
				// AWS lets everything out of a new group; the provider takes that away.
				call("ec2:RevokeSecurityGroupEgress", [group]),
			],
			read: [call("ec2:DescribeSecurityGroups")],
			update: retagging(group),
			delete: [call("ec2:DescribeNetworkInterfaces"), call("ec2:DeleteSecurityGroup", [group])],
		};
	},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (subject) => rule("Ingress", subject),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (subject) => rule("Egress", subject),
	"aws:ec2/networkInterface:NetworkInterface": ({ seen, world }) => {
		const [card, made] = [world.own("network-interface"), world.made("network-interface")];
		const group = world.own("security-group");
		return {
			source: "ec2/vpc_network_interface.go",
			create: [
				call("ec2:CreateNetworkInterface", [made, world.subnet, group], tagging(seen.inputs.tags)),
				tagged("CreateNetworkInterface", made, seen.inputs.tags),
			],
			read: [call("ec2:DescribeNetworkInterfaces")],
			update: [call("ec2:ModifyNetworkInterfaceAttribute", [card, group]), ...retagging(card)],
			delete: [
				call("ec2:DetachNetworkInterface", [card, world.own("instance")]),
				call("ec2:DeleteNetworkInterface", [card]),
			],
		};
	},
	"aws:ec2/eip:Eip": ({ seen, world }) => {
		const [address, made] = [world.own("elastic-ip"), world.made("elastic-ip")];
		return {
			source: "ec2/ec2_eip.go",
			create: [
				call("ec2:AllocateAddress", [made], tagging(seen.inputs.tags)),
				tagged("AllocateAddress", made, seen.inputs.tags),
			],
			read: [call("ec2:DescribeAddresses"), call("ec2:DescribeAddressesAttribute")],
			update: retagging(address),
			delete: [
				call("ec2:DisassociateAddress", [address, world.own("network-interface")]),
				call("ec2:ReleaseAddress", [address]),
			],
		};
	},
	"aws:ec2/eipAssociation:EipAssociation": ({ world }) => {
		const both = [world.own("elastic-ip"), world.own("network-interface")];
		return {
			source: "ec2/ec2_eip_association.go",
			create: [call("ec2:AssociateAddress", both)],
			read: [call("ec2:DescribeAddresses")],
			update: [],
			delete: [call("ec2:DisassociateAddress", both)],
		};
	},
};

function rule(way: "Ingress" | "Egress", { seen, world }: Parameters<CallsOf>[0]): ReturnType<CallsOf> {
	const [group, own, made] = [
		world.own("security-group"),
		world.own("security-group-rule"),
		world.made("security-group-rule"),
	];
	const action = `AuthorizeSecurityGroup${way}`;
	return {
		source: `ec2/vpc_security_group_${way.toLowerCase()}_rule.go`,
		create: [call(`ec2:${action}`, [group, made], tagging(seen.inputs.tags)), tagged(action, made, seen.inputs.tags)],
		read: [call("ec2:DescribeSecurityGroupRules")],
		update: [call("ec2:ModifySecurityGroupRules", [group, own]), ...retagging(own)],
		delete: [call(`ec2:RevokeSecurityGroup${way}`, [group])],
	};
}
