import type { Scope, Statement } from "./model";
import { arn } from "./names";
import { readState } from "./state";

/** Rights for `pulumi preview`: it reads the state and asks AWS what the program looks up, and changes nothing. */
export function preview(scope: Scope): Statement[] {
	return [
		{
			sid: "WhatTheProgramLooksUp",
			actions: [
				"ec2:DescribeAccountAttributes",
				"ec2:DescribeAvailabilityZones",
				"ec2:DescribeImages",
				"ec2:DescribeInstanceTypeOfferings",
				"ec2:DescribeInstanceTypes",
				"ec2:DescribeRegions",
				"ec2:DescribeRouteTables",
				"ec2:DescribeSecurityGroups",
				"ec2:DescribeSubnets",
				"ec2:DescribeVpcs",
				"sts:GetCallerIdentity",
			],
			resources: ["*"],
			reason:
				"Account, zones, image, network. Without the types of instances a change of type that replaces the machine is shown as an update of it.",
		},
		...(scope.hub.network
			? [
					{
						sid: "TheNetworkOfTheSettings",
						actions: ["ec2:DescribeVpcAttribute"],
						resources: [arn(scope, "ec2", `vpc/${scope.hub.network.vpcId}`)],
						reason: "Its blocks of addresses are looked up.",
					},
				]
			: []),
		...readState(scope),
		{
			sid: "NothingOfTheNodes",
			effect: "Deny",
			actions: [
				"ssm:GetParameter",
				"ssm:GetParameterHistory",
				"ssm:GetParameters",
				"ssm:GetParametersByPath",
				"ssm:SendCommand",
				"ssm:StartSession",
			],
			resources: ["*"],
			reason: "A preview runs the branch's own code. Whatever else the role is given one day, not this.",
		},
	];
}
