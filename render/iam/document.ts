import type { Statement } from "./model";

/**
 * The text of policies, and what AWS takes of it in size. White space is not counted.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const LIMITS = {
	/** Characters of a managed policy. */
	managed: 6_144,
	/** Characters of all inline policies of a role. */
	inline: 10_240,
	/** Characters of a role's trust policy. */
	trust: 2_048,
	/** Managed policies of a role. */
	attached: 10,
} as const;

/** Text for people; always the same for the same statements. */
export function toDocument(statements: readonly Statement[]): string {
	return `${JSON.stringify(plain(statements), null, 2)}\n`;
}

/** Characters as AWS counts them. */
export function sizeOf(statements: readonly Statement[]): number {
	return JSON.stringify(plain(statements)).length;
}

/**
 * Spreads statements over as few policies as their order allows, each of which AWS takes.
 * @throws RangeError for a statement that is too large by itself, or for more policies than a role takes
 */
export function intoPolicies(statements: readonly Statement[]): Statement[][] {
	const policies: Statement[][] = [];
	for (const statement of statements) {
		requireSize([statement], LIMITS.managed, `the statement ${statement.sid}`);
		const last = policies.at(-1);
		if (last && sizeOf([...last, statement]) <= LIMITS.managed) last.push(statement);
		else policies.push([statement]);
	}
	if (policies.length <= LIMITS.attached) return policies;
	throw new RangeError(`needs ${policies.length} policies, and a role takes ${LIMITS.attached}`);
}

/** @throws RangeError that says how much too large it is */
export function requireSize(statements: readonly Statement[], limit: number, what: string): void {
	const size = sizeOf(statements);
	if (size > limit) throw new RangeError(`${what} has ${size} characters, and AWS takes ${limit}`);
}

function plain(statements: readonly Statement[]): object {
	return {
		Version: "2012-10-17",
		Statement: statements.map(({ sid, effect = "Allow", actions, resources, principal, conditions }) => ({
			Sid: sid,
			Effect: effect,
			...(principal && { Principal: principal }),
			Action: one([...actions].sort()),
			...(resources && { Resource: one(resources) }),
			...(conditions && { Condition: conditions }),
		})),
	};
}

function one(values: readonly string[]): string | readonly string[] {
	return values.length === 1 ? (values[0] as string) : values;
}
