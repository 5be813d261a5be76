import { FROM_ENVIRONMENT, NatsConfigError, readNatsConfig } from "../../../render/read-nats-config/read";
import { isBlock, settingName } from "./conf";
import { isLiteral } from "./secrets-named";

const HEREDOC = /<<-?[ \t]*["']?(\w+)["']?[^\n]*\n([\s\S]*?)\n[ \t]*\1\b/g;
const BLOCK = /\b(?:authorization|authentication|accounts|users|leafnodes|leaf)\b["']?\s*[:=]?\s*(?=[{[])/gi;
const HOLDERS: readonly string[] = ["authorization", "users", "accounts", "leafnodes"];

/**
 * Where passwords and tokens stand in configurations of nats-server: in a text that is one, in those that a script writes,
 * and in blocks that stand alone. Its language needs neither quotes nor colons, so they are read by its reader.
 */
export function natsPasswords(text: string): number[] {
	const parts = [...text.matchAll(HEREDOC)].map(({ index, 0: all, 2: body = "" }) => {
		return { at: index + all.indexOf(body), body };
	});
	return [{ at: 0, body: text }, ...parts].flatMap(({ at, body }) => inText(body).map((index) => at + index));
}

function inText(text: string): number[] {
	if (holdsPassword(text)) return [Math.max(0, text.search(/\b(?:pass(?:word)?|token)\b/i))];
	return [...text.matchAll(BLOCK)].flatMap(({ index, 0: name }) => {
		const block = balanced(text, index + name.length);
		return block !== undefined && holdsPassword(`authorization: ${block}\n`) ? [index] : [];
	});
}

function holdsPassword(text: string): boolean {
	try {
		return search(readNatsConfig(text), false);
	} catch (error) {
		if (!(error instanceof NatsConfigError)) throw error;
		return false;
	}
}

function search(value: unknown, inside: boolean): boolean {
	if (Array.isArray(value)) return value.some((part) => search(part, inside));
	if (!isBlock(value)) return false;
	return Object.entries(value).some(([key, part]) => {
		const name = settingName(key);
		if (typeof part === "object") return search(part, inside || HOLDERS.includes(name));
		const secret = inside && (name === "password" || name === "token") && part !== FROM_ENVIRONMENT;
		return secret && typeof part !== "boolean" && isLiteral(String(part));
	});
}

/** From an opening bracket to the one that closes it. */
function balanced(text: string, start: number): string | undefined {
	let depth = 0;
	for (let at = start; at < Math.min(text.length, start + 20_000); at++) {
		const char = text[at] ?? "";
		if ("{[".includes(char)) depth++;
		else if ("}]".includes(char) && --depth === 0) return text.slice(start, at + 1);
	}
	return undefined;
}
