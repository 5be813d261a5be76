import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { toDocument } from "../../render/iam/document";
import type { Scope } from "../../render/iam/model";
import { type IamPlan, planIam, ROLES } from "../../render/iam/plan";
import { boundaryArn } from "../../render/iam/scope";
import { policyFile, renderScript, SCRIPT, trustFile } from "../../render/iam/script";
import type { GitHub } from "../../render/iam/trust";
import { UserError } from "../errors";
import { type IamFlags, trustOf, wantedRoles } from "./options";
import { type FoundScope, readScope } from "./scope";

/** `leafline iam`: exit code 2 when it was asked for in the wrong way, and nothing is written then. */
export function addIam(leafline: Command): void {
	leafline
		.command("iam")
		.description("Write the policies and roles that AWS needs for previews, deployments and operators of a stack")
		.requiredOption("-s, --stack <stack>", "name of the stack, for Pulumi.<stack>.yaml")
		.option("--account <id>", "AWS account, 12 digits (default: that of hub.aws.permissionsBoundary)")
		.option("--region <region>", "region (default: aws:region of the stack)")
		.option("--role <role...>", `which roles (default: ${ROLES.join(" ")})`)
		.option("--repository <owner/name>", "GitHub repository whose jobs may preview and deploy")
		.option("--repository-ids <owner/repository>", "its numbers, for tokens with an immutable subject")
		.option("--github-environment <name>", "GitHub environment that deploys (default: the stack)")
		.option("--preview-environment <name>", "GitHub environment that previews (default: <stack>-preview)")
		.option("--subject <text>", "the tokens' subject where the repository has changed it, with {environment}")
		.option("--issuer <host>", "who signs the tokens (default: token.actions.githubusercontent.com)")
		.option("--operator <arn...>", "who may operate (default: whom the account's own policies let)")
		.option("--backend <url>", "s3://<bucket>[/<folder>] of the state (default: Pulumi.yaml, PULUMI_BACKEND_URL)")
		.option("--state-key <key>", "ARN or alias/… of the state's KMS key (default: the stack's secretsprovider)")
		.option("--output <folder>", "where the files go (default: iam/<stack>)")
		.option("--json", "one JSON object instead of files")
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
		.action((flags: IamFlags) => {
			process.exitCode = run(flags);
		});
}

function run(flags: IamFlags): number {
	try {
		const root = process.cwd();
		const scope = readScope(root, flags, process.env);
		const roles = wantedRoles(flags);
		const trust = trustOf(flags, roles);
		const plan = planned(() => planIam(scope, trust, roles));
		if (flags.json) process.stdout.write(`${JSON.stringify(asJson(plan), null, 2)}\n`);
		else write(flags.output ?? join("iam", flags.stack), scope, plan, trust.github);
		for (const note of notes(scope, flags)) process.stderr.write(`note: ${note}\n`);
		return 0;
	} catch (error) {
		if (!(error instanceof UserError) && (error as Error).name !== "ConfigError") throw error;
		process.stderr.write(`leafline: ${(error as Error).message}\n`);
		return 2;
	}
}

/** What AWS does not take in size is the user's to know. */
function planned(make: () => IamPlan): IamPlan {
	try {
		return make();
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new UserError(`${error.message}; choose shorter names, or make the roles by hand`);
	}
}

function write(folder: string, scope: Scope, plan: IamPlan, github?: GitHub): void {
	mkdirSync(folder, { recursive: true });
	const files = filesOf(scope, plan, github);
	// Parts that are no longer needed would be taken for rights that somebody has.
	for (const name of readdirSync(folder)) {
		if (name.startsWith(`leafline-${scope.environment}-`) && name.endsWith(".json")) rmSync(join(folder, name));
	}
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	const what = `${Object.keys(files).length - 1} policies and ${SCRIPT}, which makes the roles with the AWS command line`;
	process.stdout.write(`${folder}: ${what}\n`);
	for (const { name, role } of plan.roles) {
		process.stdout.write(`  ${role.padEnd(8)} arn:${scope.partition}:iam::${scope.account}:role/${name}\n`);
	}
	process.stdout.write(`As an administrator: sh ${join(folder, SCRIPT)}\n`);
}

/** By name. */
export function filesOf(scope: Scope, plan: IamPlan, github?: GitHub): Record<string, string> {
	const roles = plan.roles.flatMap((role) => [
		[trustFile(role), toDocument(role.trust)],
		...role.policies.map((policy) => [policyFile(policy), toDocument(policy.statements)]),
	]);
	return {
		[policyFile(plan.boundary)]: toDocument(plan.boundary.statements),
		...Object.fromEntries(roles),
		[SCRIPT]: renderScript(scope, plan, github),
	};
}

function asJson({ boundary, roles }: IamPlan): object {
	const policy = ({ name, path, statements }: IamPlan["boundary"]) => ({
		name,
		path,
		document: JSON.parse(toDocument(statements)),
	});
	return {
		boundary: policy(boundary),
		roles: roles.map(({ name, role, trust, policies }) => ({
			role,
			name,
			trust: JSON.parse(toDocument(trust)),
			policies: policies.map(policy),
		})),
	};
}

/** What is good to know, and no mistake. */
function notes(scope: FoundScope, flags: IamFlags): string[] {
	const { environment, named, state, stateKey } = scope;
	const ours = boundaryArn(scope);
	const set = `npm run pulumi -- config set -s ${environment} --path leafline:hub.aws.permissionsBoundary ${ours}`;
	const found: [boolean, string][] = [
		[named === undefined, `the settings name no boundary, so the first update will be denied; run: ${set}`],
		[
			named !== undefined && named !== ours,
			`the settings name another boundary, ${named}: environments are apart only as far as it keeps them apart; to use this one: ${set}`,
		],
		[state === undefined, "no bucket of S3 is known for the state (--backend): the roles have no rights on one"],
		[
			state !== undefined && stateKey === undefined,
			"no KMS key is known for the state's secrets (secretsprovider, --state-key): the roles have no rights on one",
		],
		[
			flags.repository !== undefined && flags.repositoryIds === undefined && flags.subject === undefined,
			"tokens of repositories that were made, renamed or moved after 15 July 2026 name their numbers; for those add " +
				`--repository-ids with what this prints: gh api repos/${flags.repository} --jq '"\\(.owner.id)/\\(.id)"'`,
		],
	];
	return found.flatMap(([holds, text]) => (holds ? [text] : []));
}
