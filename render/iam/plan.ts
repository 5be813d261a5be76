import { BOUNDARY, iamPath } from "../../topology/aws-names";
import { boundary } from "./boundary";
import { intoPolicies, LIMITS, requireSize } from "./document";
import { machines } from "./machines";
import type { Scope, Statement } from "./model";
import { operate } from "./operate";
import { preview } from "./preview";
import { rights } from "./rights";
import { services } from "./services";
import { writeState } from "./state";
import { type GitHub, trustGitHub, trustPeople } from "./trust";
import { watching } from "./watching";

/** `preview` reads, `deploy` runs `pulumi up`, `operate` is for people: what `deploy` may, and what is done by hand. */
export const ROLES = ["preview", "deploy", "operate"] as const;
export type RoleName = (typeof ROLES)[number];

export interface Trust {
	/** Who previews and deploys. */
	readonly github?: GitHub;
	/** Names of the environments at GitHub. @default `<environment>-preview` and `<environment>` */
	readonly githubEnvironments?: Partial<Record<RoleName, string>>;
	/** ARNs of who may operate. @default the account, which says by its own policies who may */
	readonly operators?: readonly string[];
}

/** A managed policy. */
export interface PlannedPolicy {
	/** Unique in the account, for example `leafline-prod-deploy-1`. */
	readonly name: string;
	readonly path: string;
	readonly statements: readonly Statement[];
}

export interface PlannedRole {
	/** For example `leafline-prod-deploy`. */
	readonly name: string;
	readonly role: RoleName;
	readonly trust: readonly Statement[];
	readonly policies: readonly PlannedPolicy[];
}

export interface IamPlan {
	/** First of all: roles that the stack makes name it. */
	readonly boundary: PlannedPolicy;
	readonly roles: readonly PlannedRole[];
}

/**
 * The roles of an environment with all their policies.
 * @throws RangeError for what AWS does not take in size
 */
export function planIam(scope: Scope, trust: Trust, wanted: readonly RoleName[] = ROLES): IamPlan {
	const within = boundary(scope);
	requireSize(within, LIMITS.managed, "the boundary");
	return {
		boundary: { name: BOUNDARY, path: iamPath(scope.environment), statements: within },
		roles: wanted.map((role) => ({
			role,
			name: roleName(scope.environment, role),
			trust: trusted(scope, trust, role),
			policies: policiesOf(scope, role),
		})),
	};
}

export function roleName(environment: string, role: RoleName): string {
	return `leafline-${environment}-${role}`;
}

/** Everything that a role may. */
export function statementsOf(scope: Scope, role: RoleName): readonly Statement[] {
	if (role === "preview") return preview(scope);
	const deploy = [...writeState(scope), ...machines(scope), ...rights(scope), ...services(scope), ...watching(scope)];
	return role === "deploy" ? deploy : [...deploy, ...operate(scope)];
}

function policiesOf(scope: Scope, role: RoleName): PlannedPolicy[] {
	const parts = intoPolicies(statementsOf(scope, role));
	const name = roleName(scope.environment, role);
	return parts.map((statements, index) => ({
		name: parts.length === 1 ? name : `${name}-${index + 1}`,
		path: "/",
		statements,
	}));
}

function trusted(scope: Scope, { github, githubEnvironments, operators }: Trust, role: RoleName): Statement[] {
	const account = `arn:${scope.partition}:iam::${scope.account}:root`;
	if (role === "operate" || github === undefined) return trustPeople(operators ?? [account]);
	const usual = role === "preview" ? `${scope.environment}-preview` : scope.environment;
	return trustGitHub(scope, github, githubEnvironments?.[role] ?? usual);
}
