import { ROLES, type RoleName, type Trust } from "../../render/iam/plan";
import { GITHUB_ISSUER, type GitHub } from "../../render/iam/trust";
import { UserError } from "../errors";

/** The command line of `leafline iam`, checked: each mistake is one sentence with the option, the value and the remedy. */

export interface IamFlags {
	readonly stack: string;
	readonly account?: string;
	readonly region?: string;
	readonly role?: readonly string[];
	readonly repository?: string;
	readonly repositoryIds?: string;
	readonly githubEnvironment?: string;
	readonly previewEnvironment?: string;
	readonly subject?: string;
	readonly issuer?: string;
	readonly operator?: readonly string[];
	readonly backend?: string;
	readonly stateKey?: string;
	readonly output?: string;
	readonly json?: boolean;
}

export function wantedRoles({ role = ROLES }: IamFlags): RoleName[] {
	return role.map((name) => {
		const known = ROLES.find((one) => one === name);
		if (known) return known;
		throw new UserError(`--role ${name}: there is no such role; write ${ROLES.join(", ")}`);
	});
}

/** @throws UserError when a role is for GitHub and nobody says which repository */
export function trustOf(flags: IamFlags, roles: readonly RoleName[]): Trust {
	const { githubEnvironment, previewEnvironment, operator } = flags;
	const operators = operator?.map((arn) =>
		matching("--operator", arn, PRINCIPAL, "arn:aws:iam::123456789012:role/ops"),
	);
	const github = githubOf(flags);
	if (!github && !operators && roles.some((role) => role !== "operate")) {
		throw new UserError(
			"--repository is missing: who may preview and deploy? Write --repository owner/name for GitHub Actions, or " +
				"--operator <ARN> for people, or --role operate alone",
		);
	}
	return {
		...(github && { github }),
		...(operators && { operators }),
		githubEnvironments: {
			...(githubEnvironment !== undefined && { deploy: githubEnvironment }),
			...(previewEnvironment !== undefined && { preview: previewEnvironment }),
		},
	};
}

function githubOf({ repository, repositoryIds, subject, issuer }: IamFlags): GitHub | undefined {
	if (repository === undefined) {
		const without = Object.entries({ "--repository-ids": repositoryIds, "--subject": subject, "--issuer": issuer });
		const [given] = without.find(([, value]) => value !== undefined) ?? [];
		if (given !== undefined)
			throw new UserError(`${given} is about a repository; write --repository owner/name as well`);
		return undefined;
	}
	matching("--repository", repository, /^[\w.-]+\/[\w.-]+$/, "acme/fleet");
	if (subject !== undefined && !/\{environment\}/.test(subject)) {
		throw new UserError(
			`--subject ${subject}: every environment would have the same; write {environment} where its name belongs`,
		);
	}
	if (subject !== undefined && /[*?]/.test(subject)) {
		throw new UserError(`--subject ${subject}: wildcards are compared as they stand; write the whole subject`);
	}
	const host = matching("--issuer", issuer ?? GITHUB_ISSUER, /^[a-z0-9.-]+(\/[\w./-]+)?$/, GITHUB_ISSUER);
	const ids = repositoryIds && matching("--repository-ids", repositoryIds, /^\d+\/\d+$/, "123456/456789").split("/");
	return {
		repository,
		issuer: host,
		...(subject !== undefined && { subject }),
		...(ids && { ids: { owner: ids[0] ?? "", repository: ids[1] ?? "" } }),
	};
}

/** @throws UserError that shows a value of the right form */
export function matching(option: string, value: string, form: RegExp, example: string): string {
	if (form.test(value)) return value;
	throw new UserError(`${option} ${value}: is not of the right form; write for example ${option} ${example}`);
}

const PRINCIPAL = /^arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|role\/.+|user\/.+|assumed-role\/.+)$/;
