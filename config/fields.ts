import { z } from "zod";
import type { NameRule } from "./names";
import { DURATION, parseUnit, type Result, type UnitKind } from "./units";
import { nearest, oneOf, show } from "./words";

/**
 * The kinds of fields that the fleet file and the settings are made of: each knows its own error messages, and tells
 * editors through its JSON Schema what may stand there.
 */

/** A message and its remedy as the one text that a zod issue can carry; `toIssues` takes them apart again. */
export function say(message: string, remedy: string): string {
	return `${message}\n${remedy}`;
}

/** What is wrong with a value, and what to write instead. */
export interface Wrong {
	readonly message: string;
	readonly remedy: string;
}

interface Limits {
	readonly max?: string;
	readonly example?: string;
	/** What is wrong with a value in base units that reads well. */
	readonly not?: (value: number) => Wrong | undefined;
}

/** A number with its unit; the schema's output is in base units. */
export function quantity(kind: UnitKind, description: string, limits: Limits = {}) {
	const example = limits.example ?? kind.example;
	// JetStream counts nanoseconds, which JavaScript's numbers hold exactly for some years only.
	const max = limits.max ?? (kind === DURATION ? "3650d" : undefined);
	const parse = (input: unknown): Result<number> => {
		const result = parseUnit({ ...kind, example }, input);
		if (!result.ok) return result;
		const most = max === undefined ? undefined : parseUnit(kind, max);
		if (most?.ok && result.value > most.value) {
			return { ok: false, message: `${show(input)} is too much`, remedy: `write at most ${max}` };
		}
		if (result.value <= 0) {
			return { ok: false, message: `${show(input)} is nothing`, remedy: `write for example ${example}` };
		}
		const odd = limits.not?.(result.value);
		return odd ? { ok: false, message: `${show(input)} ${odd.message}`, remedy: odd.remedy } : result;
	};
	return converted(parse, example, { description, pattern: pattern(kind), examples: [example] });
}

/** How often JetStream writes to disk: a duration, or `always`. */
export function syncInterval(description: string) {
	const parse = (input: unknown): Result<number | "always"> =>
		input === "always" ? { ok: true, value: "always" } : parseUnit({ ...DURATION, example: "250ms" }, input);
	const either = `^always$|${pattern(DURATION)}`;
	return converted(parse, "250ms", { description, pattern: either, examples: ["250ms", "always"] });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(words: T, description: string) {
	const error = (issue: { input?: unknown }) => {
		if (issue.input === undefined) return say("is missing", `write ${oneOf(words)}`);
		if (issue.input === null) return say("is empty", `write ${oneOf(words)}`);
		const meant = typeof issue.input === "string" ? nearest(issue.input, words) : undefined;
		return say(`${show(issue.input)} is not known`, meant ? `did you mean ${meant}?` : `write ${oneOf(words)}`);
	};
	return z.enum(words, { error }).meta({ description });
}

/** Text of a certain form. */
export function text(form: RegExp, what: string, example: string, description: string) {
	const error = (issue: { input?: unknown }) =>
		absent(issue.input, example) ?? say(`${show(issue.input)} is not ${what}`, `write for example ${example}`);
	return z
		.string({ error })
		.regex(form, { error })
		.meta({ description, examples: [example] });
}

/** Text that a function judges: what it says is shown as it is. */
export function judged(problemOf: (text: string) => Wrong | undefined, example: string, description: string) {
	const error = ({ input }: { input?: unknown }) =>
		absent(input, example) ?? say(`${show(input)} is not a text`, `write for example ${example}`);
	return z
		.string({ error })
		.check((context) => {
			const wrong = problemOf(context.value);
			if (!wrong) return;
			context.issues.push({ code: "custom", message: say(wrong.message, wrong.remedy), input: context.value });
		})
		.meta({ description, examples: [example] });
}

/** A list in which nothing stands twice. */
export function listOf<T extends z.ZodType>(item: T, example: string, description: string) {
	const error = ({ input }: { input?: unknown }) =>
		absent(input, `[${example}]`) ?? say(`${show(input)} is not a list`, `write [${example}]`);
	return z
		.array(item, { error })
		.check(({ value, issues }) => {
			for (const [index, entry] of value.entries()) {
				if (value.indexOf(entry) === index) continue;
				const message = say(`${show(entry)} stands here twice`, "name each once");
				issues.push({ code: "custom", path: [index], message, input: entry });
			}
		})
		.meta({ description });
}

/** A whole number that needs no unit, for it counts things. */
export function count(min: number, max: number, description: string) {
	const error = (issue: { input?: unknown }) =>
		absent(issue.input, String(min)) ??
		say(`${show(issue.input)} is not possible`, `write a whole number from ${min} to ${max}`);
	return z.int({ error }).min(min, { error }).max(max, { error }).meta({ description });
}

/** One of a few numbers. */
export function oneNumber<const T extends number>(numbers: readonly T[], description: string) {
	const error = (issue: { input?: unknown }) =>
		absent(issue.input, String(numbers[0])) ??
		say(`${show(issue.input)} is not possible`, `write ${oneOf(numbers.map(String))}`);
	return z.literal([...numbers] as [T, ...T[]], { error }).meta({ description });
}

/**
 * A map with known keys; all others are mistakes.
 * @param taught what to say about keys that people try and that cannot be
 */
export function section<T extends z.core.$ZodLooseShape>(
	shape: T,
	description: string,
	taught: Record<string, string> = {},
) {
	const known = Object.keys(shape);
	return z
		.strictObject(shape, {
			error: (issue) => {
				if (issue.code !== "unrecognized_keys") return notAMap(issue.input, `its fields: ${known.join(", ")}`);
				const keys = (issue as unknown as { keys: string[] }).keys;
				return keys.map((key) => say(`unknown key`, unknownKey(key, known, taught))).join("\n\n");
			},
		})
		.meta({ description });
}

/** A map from names, which the user chooses, to values. The names' form is checked apart, so that all mistakes show. */
export function named<T extends z.core.$ZodType>(value: T, rule: NameRule, description: string) {
	const not = { enum: Object.keys(rule.reserved) };
	const key = z
		.string()
		.meta({ pattern: rule.form.source, maxLength: rule.most, ...(not.enum.length > 0 ? { not } : {}) });
	return z
		.record(key, value, { error: (issue) => notAMap(issue.input, "a name and its fields") })
		.meta({ description });
}

/** What to say where nothing stands, and undefined where something does. */
export function absent(input: unknown, example: string): string | undefined {
	if (input === undefined) return say("is missing", `write for example ${example}`);
	return input === null ? say("is empty", `write for example ${example}`) : undefined;
}

function notAMap(input: unknown, expected: string): string {
	if (input === undefined) return say("is missing", `write ${expected}`);
	return say(input === null ? "is empty" : `${show(input)} is not a map`, `write ${expected}`);
}

function unknownKey(key: string, known: readonly string[], taught: Record<string, string>): string {
	if (Object.hasOwn(taught, key)) return taught[key] ?? "";
	const meant = nearest(key, known);
	// What `pulumi config set` makes of a path without --path.
	const [first = "", ...inner] = key.split(".");
	if (inner.length > 0 && known.includes(first)) {
		return `write ${first}: { ${inner.join(": { ")}: … ${"}".repeat(inner.length)}`;
	}
	return meant ? `did you mean ${meant}?` : `known here: ${known.join(", ")}`;
}

function converted<T>(
	parse: (input: unknown) => Result<T>,
	example: string,
	meta: { description: string; pattern: string; examples: string[] },
) {
	const complain = (input: unknown): string => {
		const result = parse(input);
		return absent(input, example) ?? (result.ok ? "" : say(result.message, result.remedy));
	};
	return z
		.string({ error: (issue) => complain(issue.input) })
		.transform((input, context) => {
			const result = parse(input);
			if (result.ok) return result.value;
			context.issues.push({ code: "custom", message: say(result.message, result.remedy), input });
			return z.NEVER;
		})
		.meta(meta);
}

/** The same grammar as `parseUnit`, for editors. */
function pattern(kind: UnitKind): string {
	const part = `\\d+(\\.\\d+)? ?(${Object.keys(kind.units).join("|")})`;
	return kind.compound ? `^(${part})+$` : `^${part}$`;
}
