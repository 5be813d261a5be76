import { type CallsOf, call, tagging } from "./model";

/** What AWS appends to names that it completes. */
const auto = (name: string) => `${name}-0123456`;

export const RIGHTS: Readonly<Record<string, CallsOf>> = {
	"aws:iam/role:Role": ({ seen, world }) => {
		const role = world.role(auto(seen.name));
		const boundary = seen.inputs.permissionsBoundary;
		const asked = {
			...tagging(seen.inputs.tags),
			...(boundary !== undefined && { "iam:PermissionsBoundary": String(boundary) }),
		};
		const target = { arn: role.arn };
		return {
			source: "iam/role.go",
			create: [call("iam:CreateRole", [target], asked), call("iam:TagRole", [target], tagging(seen.inputs.tags))],
			read: [
				call("iam:GetRole", [role]),
				call("iam:ListRolePolicies", [role]),
				call("iam:ListAttachedRolePolicies", [role]),
			],
			update: [
				call("iam:UpdateAssumeRolePolicy", [role]),
				call("iam:UpdateRole", [role]),
				call("iam:UpdateRoleDescription", [role]),
				call("iam:PutRolePermissionsBoundary", [role]),
				call("iam:TagRole", [role], { "aws:RequestTag/team": "mine" }),
				call("iam:UntagRole", [role], { "aws:TagKeys": ["team"] }),
			],
			delete: [
				call("iam:ListInstanceProfilesForRole", [role]),
				call("iam:RemoveRoleFromInstanceProfile", [world.profile(auto("hub"))]),
				call("iam:ListAttachedRolePolicies", [role]),
				call("iam:ListRolePolicies", [role]),
				call("iam:DeleteRole", [role]),
			],
		};
	},
	"aws:iam/rolePolicy:RolePolicy": ({ world }) => {
		const role = world.role(auto("hub"));
		return {
			source: "iam/role_policy.go",
			create: [call("iam:PutRolePolicy", [role])],
			read: [call("iam:GetRolePolicy", [role])],
			update: [call("iam:PutRolePolicy", [role])],
			delete: [call("iam:DeleteRolePolicy", [role])],
		};
	},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": ({ seen, world }) => {
		const role = world.role(auto(seen.name));
		const policy = { "iam:PolicyARN": String(seen.inputs.policyArn) };
		return {
			source: "iam/role_policy_attachment.go",
			create: [call("iam:AttachRolePolicy", [role], policy)],
			read: [call("iam:ListAttachedRolePolicies", [role])],
			update: [],
			delete: [call("iam:DetachRolePolicy", [role], policy)],
		};
	},
	"aws:iam/instanceProfile:InstanceProfile": ({ seen, world }) => {
		const profile = world.profile(auto(seen.name));
		const role = world.role(auto("hub"));
		const made = { arn: profile.arn };
		const add = [
			call("iam:AddRoleToInstanceProfile", [profile]),
			call("iam:PassRole", [role], { "iam:PassedToService": "ec2.amazonaws.com" }),
		];
		return {
			source: "iam/instance_profile.go",
			create: [
				call("iam:CreateInstanceProfile", [made], tagging(seen.inputs.tags)),
				call("iam:TagInstanceProfile", [made], tagging(seen.inputs.tags)),
				...add,
			],
			read: [call("iam:GetInstanceProfile", [profile]), call("iam:GetRole", [role])],
			update: [
				call("iam:RemoveRoleFromInstanceProfile", [profile]),
				...add,
				call("iam:TagInstanceProfile", [profile], { "aws:RequestTag/team": "mine" }),
				call("iam:UntagInstanceProfile", [profile], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("iam:RemoveRoleFromInstanceProfile", [profile]), call("iam:DeleteInstanceProfile", [profile])],
		};
	},
};
