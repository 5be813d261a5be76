import type { Scope } from "./model";
import type { IamPlan, PlannedPolicy, PlannedRole } from "./plan";
import { GITHUB_ISSUER, type GitHub } from "./trust";

/** Name of the script beside the policies. */
export const SCRIPT = "make.sh";

/** File of a policy, of a role's trust, and of the boundary. */
export const policyFile = ({ name }: PlannedPolicy) => `${name}.json`;
export const trustFile = ({ name }: PlannedRole) => `${name}-trust.json`;

/**
 * A shell script that makes the roles with the AWS command line, or brings those that are there to what the files say.
 * Names and paths are of letters, digits and `_.-/`, so they need no quotes.
 */
export function renderScript({ partition, account, environment }: Scope, plan: IamPlan, github?: GitHub): string {
	const issuer = github?.issuer ?? GITHUB_ISSUER;
	const provider = `arn:${partition}:iam::${account}:oidc-provider/${issuer}`;
	return `#!/bin/sh
# Makes or updates the roles of the environment ${environment}. Written by leafline: npm run iam -- --stack ${environment}
set -eu
cd "$(dirname "$0")"

in=$(aws sts get-caller-identity --query Account --output text)
[ "$in" = ${account} ] || { echo "these are credentials for the account $in, and the roles belong to ${account}" >&2; exit 1; }

# policy PATH NAME FILE
policy() {
	arn=arn:${partition}:iam::${account}:policy$1$2
	if aws iam get-policy --policy-arn "$arn" >/dev/null 2>&1; then
		# IAM keeps five versions: the oldest gives way.
		if [ "$(aws iam list-policy-versions --policy-arn "$arn" --query 'length(Versions)' --output text)" -ge 5 ]; then
			oldest=$(aws iam list-policy-versions --policy-arn "$arn" --output text \\
				--query 'sort_by(Versions[?!IsDefaultVersion],&CreateDate)[0].VersionId')
			aws iam delete-policy-version --policy-arn "$arn" --version-id "$oldest"
		fi
		aws iam create-policy-version --policy-arn "$arn" --policy-document "file://$3" --set-as-default >/dev/null
	else
		aws iam create-policy --path "$1" --policy-name "$2" --policy-document "file://$3" >/dev/null
	fi
	echo "$arn"
}

# role NAME TRUST POLICY…
role() {
	name=$1
	if aws iam get-role --role-name "$name" >/dev/null 2>&1; then
		aws iam update-assume-role-policy --role-name "$name" --policy-document "file://$2"
	else
		aws iam create-role --role-name "$name" --assume-role-policy-document "file://$2" >/dev/null
	fi
	shift 2
	for policy; do
		aws iam attach-role-policy --role-name "$name" --policy-arn "arn:${partition}:iam::${account}:policy/$policy"
	done
	# What the role had before and has no longer.
	for arn in $(aws iam list-attached-role-policies --role-name "$name" --query 'AttachedPolicies[].PolicyArn' --output text); do
		case " $* " in *" \${arn##*/} "*) ;; *) aws iam detach-role-policy --role-name "$name" --policy-arn "$arn" ;; esac
	done
	echo "arn:${partition}:iam::${account}:role/$name"
}

policy ${plan.boundary.path} ${plan.boundary.name} ${policyFile(plan.boundary)}
${github ? providerOf(provider, issuer) : ""}${plan.roles.map(roleOf).join("")}`;
}

function providerOf(arn: string, issuer: string): string {
	return `aws iam get-open-id-connect-provider --open-id-connect-provider-arn ${arn} >/dev/null 2>&1 ||
	aws iam create-open-id-connect-provider --url https://${issuer} --client-id-list sts.amazonaws.com >/dev/null
`;
}

function roleOf(role: PlannedRole): string {
	const policies = role.policies.map((policy) => `policy ${policy.path} ${policy.name} ${policyFile(policy)}\n`);
	const names = role.policies.map(({ name }) => name).join(" ");
	return `${policies.join("")}role ${role.name} ${trustFile(role)} ${names}\n`;
}
