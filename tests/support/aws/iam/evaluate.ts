import { type ActionFacts, expression, factsOf, hasKey, type TypeFacts } from "./reference";

/**
 * IAM's decision over a request, by its rules: a Deny that matches wins, then an Allow must match, in the policies and in
 * the boundary. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */

type Values = string | readonly string[];

/** A statement as AWS reads it. */
export interface JsonStatement {
	readonly Sid?: string;
	readonly Effect: "Allow" | "Deny";
	readonly Principal?: unknown;
	readonly Action?: Values;
	readonly NotAction?: Values;
	readonly Resource?: Values;
	readonly NotResource?: Values;
	readonly Condition?: Readonly<Record<string, Readonly<Record<string, Values>>>>;
}

export interface Identity {
	readonly policies: readonly JsonStatement[];
	readonly boundary?: readonly JsonStatement[];
}

/** A resource that a request is about. */
export interface Target {
	readonly arn: string;
	/** @default none */
	readonly tags?: Readonly<Record<string, string>>;
	/** More of its condition keys, for example `ec2:Encrypted`. */
	readonly keys?: Readonly<Record<string, Values>>;
}

export interface Request {
	readonly action: string;
	/** Empty where the action knows no resource, or is about none. */
	readonly targets: readonly Target[];
	/** Condition keys of the request, for example `aws:RequestTag/x`. Tags also make `aws:TagKeys`. */
	readonly keys?: Readonly<Record<string, Values>>;
}

export interface Verdict {
	readonly allowed: boolean;
	/** Why not: the first target without an Allow, or with a Deny. */
	readonly why: string;
}

/** Every target must be allowed. @throws Error for a request that AWS cannot get: the table of calls is wrong */
export async function decide(identity: Identity, request: Request): Promise<Verdict> {
	const { action, targets } = request;
	const facts = await factsOf(action);
	if (!facts) throw new Error(`AWS has no action ${action}`);
	const about: readonly (Target | undefined)[] = targets.length > 0 ? targets : [undefined];
	for (const target of about) {
		const context = contextOf(facts, request, target);
		const arn = target?.arn ?? "*";
		const say = (why: string): Verdict => ({ allowed: false, why: `${action} on ${arn}: ${why}` });
		for (const [what, statements] of Object.entries({ policies: identity.policies, boundary: identity.boundary })) {
			if (!statements) continue;
			const applying = statements.filter((statement) => applies(statement, action, arn, context));
			const denied = applying.find(({ Effect }) => Effect === "Deny");
			if (denied) return say(`denied by ${denied.Sid} of ${what}`);
			if (applying.length === 0) return say(`no statement of ${what} allows it`);
		}
	}
	return { allowed: true, why: "" };
}

/** The type of a resource, which the action must know. */
export function typeOf(facts: ActionFacts, arn: string): TypeFacts | undefined {
	const matching = facts.types.filter(({ matches }) => matches(arn));
	return matching.find(({ required }) => required) ?? matching[0];
}

function contextOf(
	facts: ActionFacts,
	{ action, keys = {} }: Request,
	target: Target | undefined,
): Map<string, Values> {
	const type = target && typeOf(facts, target.arn);
	if (target && !type) throw new Error(`${action} knows no resource such as ${target.arn}`);
	const tags = Object.entries(target?.tags ?? {}).map(([tag, value]) => [`aws:ResourceTag/${tag}`, value] as const);
	const requested = Object.keys(keys).filter((key) => key.startsWith("aws:RequestTag/"));
	const all: [string, Values][] = [
		...Object.entries(keys),
		...(requested.length > 0 ? [["aws:TagKeys", requested.map((key) => key.slice(15))] as [string, Values]] : []),
		...Object.entries(target?.keys ?? {}),
		...tags.map(([key, value]) => [key, value] as [string, Values]),
	];
	const valid = [...facts.keys, ...(type?.keys ?? [])];
	return new Map(all.filter(([key]) => hasKey(valid, key)).map(([key, value]) => [key.toLowerCase(), value]));
}

function applies(statement: JsonStatement, action: string, arn: string, context: Map<string, Values>): boolean {
	const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
	const isAction = (values: Values | undefined) => list(values).some((one) => expression(one, "i").test(action));
	// Variables have a value in the request; here any.
	const isResource = (values: Values | undefined) =>
		list(values).some((one) => expression(one.replace(/\$\{aws:\w+\}/g, "*")).test(arn));
	if (Action ? !isAction(Action) : isAction(NotAction)) return false;
	if (Resource !== undefined && !isResource(Resource)) return false;
	if (NotResource !== undefined && isResource(NotResource)) return false;
	return Object.entries(Condition).every(([operator, tests]) =>
		Object.entries(tests).every(([key, wanted]) => holds(operator, list(wanted), context.get(key.toLowerCase()))),
	);
}

function holds(operator: string, wanted: readonly string[], given: Values | undefined): boolean {
	const [, quantifier, name = "", ifExists] =
		/^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
	if (name === "Null") return wanted.includes(String(given === undefined));
	if (given === undefined)
		return ifExists !== undefined || quantifier === "ForAllValues" || (negated(name) && !quantifier);
	const values = list(given);
	const test = (value: string) => {
		const positive = wanted.some((one) => equal(name.replace("Not", ""), one, value));
		return negated(name) ? !positive : positive;
	};
	return quantifier === "ForAllValues" ? values.every(test) : values.some(test);
}

const negated = (name: string) => name.includes("Not");

function equal(name: string, wanted: string, value: string): boolean {
	switch (name) {
		case "StringEquals":
			return wanted === value;
		case "StringEqualsIgnoreCase":
		case "Bool":
			return wanted.toLowerCase() === value.toLowerCase();
		case "StringLike":
		case "ArnLike":
		case "ArnEquals":
			return expression(wanted).test(value);
		default:
			throw new Error(`the evaluator does not know ${name}`);
	}
}

export function list(values: Values | undefined): readonly string[] {
	if (values === undefined) return [];
	return typeof values === "string" ? [values] : values;
}
