/**
 * Subjects as nats-server understands them: tokens between dots, `*` for one token, `>` for one or more at the end.
 */

/** Whether the text is a subject that a stream may capture: no empty token, no space, `>` only at the end. */
export function isSubject(subject: string): boolean {
	const tokens = subject.split(".");
	const whole = tokens.every((token, i) => token !== "" && (token !== ">" || i === tokens.length - 1));
	return whole && !/[\s\p{Cc}]/u.test(subject);
}

/** Whether the subject has no wildcard, so that a message can be published on it. */
export function isLiteral(subject: string): boolean {
	return isSubject(subject) && subject.split(".").every((token) => token !== "*" && token !== ">");
}

export function tokenCount(subject: string): number {
	return subject.split(".").length;
}

/** Whether some message's subject matches both. */
export function overlaps(a: string, b: string): boolean {
	const left = a.split(".");
	const right = b.split(".");
	for (let i = 0; ; i++) {
		const l = left[i];
		const r = right[i];
		if (l === undefined || r === undefined) {
			return l === r;
		}
		if (l === ">" || r === ">") {
			return true;
		}
		if (l !== r && l !== "*" && r !== "*") {
			return false;
		}
	}
}

/** Whether every subject that matches `a` matches `b` as well. */
export function isSubset(a: string, b: string): boolean {
	const left = a.split(".");
	const right = b.split(".");
	for (let i = 0; ; i++) {
		const l = left[i];
		const r = right[i];
		if (l === undefined || r === undefined) {
			return l === r;
		}
		if (r === ">") {
			return true;
		}
		if (l === ">" || (r !== "*" && l !== r)) {
			return false;
		}
	}
}

/** The destination that puts `prefix` before every subject of `pattern` and keeps the rest, for a subject transform. */
export function prefixed(prefix: string, pattern: string): string {
	let wildcard = 0;
	const tokens = pattern.split(".").map((token) => (token === "*" ? `{{wildcard(${++wildcard})}}` : token));
	return `${prefix}.${tokens.join(".")}`;
}

/**
 * What the server makes of a subject with a transform; `undefined` when `src` does not match it. Knows plain tokens,
 * `>` and `{{wildcard(n)}}`, which is all that leafline writes.
 */
export function transform(subject: string, rule: { readonly src: string; readonly dest: string }): string | undefined {
	if (!isSubset(subject, rule.src)) {
		return undefined;
	}
	const tokens = subject.split(".");
	const source = rule.src.split(".");
	const wildcards = source.flatMap((token, i) => (token === "*" ? [tokens[i] ?? ""] : []));
	const rest = source.at(-1) === ">" ? tokens.slice(source.length - 1) : [];
	return rule.dest
		.split(".")
		.flatMap((token) => {
			const number = /^\{\{wildcard\((\d+)\)\}\}$/.exec(token)?.[1];
			if (number !== undefined) {
				return [wildcards[Number(number) - 1] ?? ""];
			}
			return token === ">" ? rest : [token];
		})
		.join(".");
}

/**
 * Patterns of everything that the server can make of the subjects of `pattern` with a transform: none when `src`
 * matches nothing of it. Functions other than `{{wildcard(n)}}` may make any token, and `split` several.
 */
export function transformed(pattern: string, rule: { readonly src: string; readonly dest: string }): string[] {
	const tokens = rule.dest.split(".").map((token) => token.replace(/^\$(\d+)$/, "{{wildcard($1)}}"));
	const exact = tokens.every((token) => !token.includes("{{") || /^\{\{wildcard\(\d+\)\}\}$/.test(token));
	const subject = exact ? transform(pattern, { src: rule.src, dest: tokens.join(".") }) : undefined;
	if (subject !== undefined) {
		return [subject];
	}
	if (!overlaps(pattern, rule.src)) {
		return [];
	}
	const any = tokens.findIndex((token) => /^\{\{\s*(split|slice)/i.test(token));
	const whole = any === -1 ? tokens : [...tokens.slice(0, any), ">"];
	return [whole.map((token) => (token.includes("{{") ? "*" : token)).join(".")];
}
