import { MANAGED_POLICIES } from "../../topology/aws-names";
import type { Scope, Statement } from "./model";
import { instanceProfiles, roles } from "./names";

/** Rights on the roles that nodes and snapshots have. They are made only within the boundary, which nobody here can lift. */
export function rights(scope: Scope): Statement[] {
	const { partition, account, boundary, hub } = scope;
	const bounded = { "iam:PermissionsBoundary": boundary };
	const attached = [MANAGED_POLICIES.agent, ...(hub.snapshots ? [MANAGED_POLICIES.snapshots] : [])];
	return [
		{
			sid: "RolesOnlyWithinTheBoundary",
			actions: ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
			resources: [roles(scope)],
			conditions: { StringEquals: bounded },
			reason: "A role without the boundary, or with another one, is neither made nor given rights.",
		},
		{
			sid: "PoliciesOfAmazon",
			actions: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
			resources: [roles(scope)],
			conditions: {
				StringEquals: bounded,
				ArnEquals: { "iam:PolicyARN": attached.map((name) => `arn:${partition}:iam::aws:policy/${name}`) },
			},
			reason: "What the agent and the snapshots need, and no other policy.",
		},
		{
			sid: "OurRolesAndProfiles",
			actions: [
				"iam:AddRoleToInstanceProfile",
				"iam:CreateInstanceProfile",
				"iam:DeleteInstanceProfile",
				"iam:DeleteRole",
				"iam:GetInstanceProfile",
				"iam:GetRole",
				"iam:GetRolePolicy",
				"iam:ListAttachedRolePolicies",
				"iam:ListInstanceProfileTags",
				"iam:ListInstanceProfilesForRole",
				"iam:ListRolePolicies",
				"iam:ListRoleTags",
				"iam:RemoveRoleFromInstanceProfile",
				"iam:TagInstanceProfile",
				"iam:TagRole",
				"iam:UntagInstanceProfile",
				"iam:UntagRole",
				"iam:UpdateAssumeRolePolicy",
				"iam:UpdateRole",
				"iam:UpdateRoleDescription",
			],
			resources: [instanceProfiles(scope), roles(scope)],
			reason: "Roles and instance profiles below the environment's own path.",
		},
		{
			sid: "PassOurRoles",
			actions: ["iam:PassRole"],
			resources: [roles(scope)],
			conditions: {
				StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", ...(hub.snapshots ? ["dlm.amazonaws.com"] : [])] },
			},
			reason:
				"This environment's roles, to its machines and to Data Lifecycle Manager. Another one's keys stay out of reach.",
		},
		{
			sid: "AlarmsThatRecoverMachines",
			actions: ["iam:CreateServiceLinkedRole"],
			resources: [`arn:${partition}:iam::${account}:role/aws-service-role/events.amazonaws.com/*`],
			conditions: { StringEquals: { "iam:AWSServiceName": "events.amazonaws.com" } },
			reason: "CloudWatch's own role for moving a machine to other hardware; made once an account.",
		},
	];
}
