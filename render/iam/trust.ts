import { LIMITS, requireSize } from "./document";
import type { Statement } from "./model";

/** A GitHub repository and how its tokens name it. */
export interface GitHub {
	/** `owner/name`, written as GitHub shows it: AWS compares letter by letter. */
	readonly repository: string;
	/**
	 * Numbers of the owner and of the repository. Repositories that were made, renamed or moved after 15 July 2026 have
	 * them in their tokens' subject, and so have those that asked for it.
	 * https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
	 */
	readonly ids?: { readonly owner: string; readonly repository: string };
	/** Another subject than GitHub's own, `{environment}` in it. @default `repo:<repository>:environment:{environment}` */
	readonly subject?: string;
	/** Host of the provider of tokens. @default token.actions.githubusercontent.com */
	readonly issuer?: string;
}

export const GITHUB_ISSUER = "token.actions.githubusercontent.com";

/**
 * Who may assume a role: jobs of one environment of one repository. Branches, tags and pull requests without that
 * environment have other subjects.
 * @throws RangeError when it is larger than AWS takes
 */
export function trustGitHub(
	{ partition, account }: { readonly partition: string; readonly account: string },
	github: GitHub,
	environment: string,
): Statement[] {
	const { issuer = GITHUB_ISSUER, ids } = github;
	const statement: Statement = {
		sid: "OneEnvironmentOfOneRepository",
		actions: ["sts:AssumeRoleWithWebIdentity"],
		principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${issuer}` },
		conditions: {
			StringEquals: {
				[`${issuer}:aud`]: "sts.amazonaws.com",
				[`${issuer}:sub`]: one(subjects(github, environment)),
				// The number stays when names are given away.
				...(ids && { [`${issuer}:repository_id`]: ids.repository }),
			},
		},
		reason: "Jobs of this environment of this repository, and nothing else that GitHub signs.",
	};
	requireSize([statement], LIMITS.trust, "the trust policy");
	return [statement];
}

/** Who may assume a role: people and roles of the account, as far as their own policies let them. */
export function trustPeople(principals: readonly string[]): Statement[] {
	const statement: Statement = {
		sid: "WhoOperates",
		actions: ["sts:AssumeRole"],
		principal: { AWS: principals },
		reason: "Those who are named; of an account, whoever its own policies allow `sts:AssumeRole` on the role.",
	};
	requireSize([statement], LIMITS.trust, "the trust policy");
	return [statement];
}

function subjects({ repository, ids, subject }: GitHub, environment: string): string[] {
	// GitHub writes a colon within a name so.
	const name = environment.replaceAll(":", "%3A");
	if (subject !== undefined) return [subject.replaceAll("{environment}", name)];
	const named = `repo:${repository}:environment:${name}`;
	if (!ids) return [named];
	const [owner, own] = repository.split("/");
	return [named, `repo:${owner}@${ids.owner}/${own}@${ids.repository}:environment:${name}`];
}

function one(values: readonly string[]): string | readonly string[] {
	return values.length === 1 ? (values[0] as string) : values;
}
