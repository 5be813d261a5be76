import { gunzipSync } from "node:zlib";
import { SECRET_FORMS, type SecretForm } from "../../../config/secrets";

/** A secret that stands in a text. Never the secret itself: what is shown ends up in logs and comments. */
export interface Secret {
	readonly kind: string;
	/** Line of the text, from 1. */
	readonly line: number;
	/** It is there in base64, perhaps compressed. */
	readonly encoded: boolean;
}

/** Those that have a form of their own, and those that are known by what they are called. */
const KINDS: readonly SecretForm[] = [
	...SECRET_FORMS,
	{
		kind: "an AWS secret key",
		pattern: /aws_?secret_?access_?key["']?\s*[=:]\s*["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
	},
];
const JWT = /eyJ[\w-]{10,}\.(eyJ[\w-]{10,})\.[\w-]{10,}/g;
/** Wrapped in lines, as an indented block may be, or in one. */
const BASE64 = /(?:[A-Za-z0-9+/]{60,76}\r?\n[ \t]*)+[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9+/]{40,}={0,2}/g;

/** All secrets in a text, also those that stand in it in base64 or gzip in base64, as cloud-init takes its files. */
export function secretsIn(text: string, depth = 2): Secret[] {
	const plain = [...KINDS.flatMap(({ kind, pattern }) => found(text, pattern, kind)), ...tokens(text)];
	const inner = depth === 0 ? [] : [...text.matchAll(BASE64)].flatMap((match) => encoded(text, match, depth));
	const all = [...plain, ...inner].sort((a, b) => a.line - b.line);
	return all.filter(({ kind, line }, i) => all.findIndex((other) => other.kind === kind && other.line === line) === i);
}

/** For people, without the secret. */
export function describeSecret({ kind, line, encoded }: Secret): string {
	return `${kind} in line ${line}${encoded ? ", encoded" : ""}`;
}

function found(text: string, pattern: RegExp, kind: string): Secret[] {
	return [...text.matchAll(pattern)].map(({ index }) => ({ kind, line: lineOf(text, index), encoded: false }));
}

/** Those of operators and accounts are public, and every server's configuration holds them. */
function tokens(text: string): Secret[] {
	return [...text.matchAll(JWT)].flatMap(({ index, 1: claims = "" }) => {
		const shared = /"type"\s*:\s*"(operator|account)"/.test(Buffer.from(claims, "base64url").toString("utf8"));
		return shared ? [] : [{ kind: "a JWT", line: lineOf(text, index), encoded: false }];
	});
}

function encoded(text: string, { 0: match, index }: RegExpExecArray, depth: number): Secret[] {
	const bytes = Buffer.from(match, "base64");
	const line = lineOf(text, index);
	return secretsIn(unzipped(bytes).toString("utf8"), depth - 1).map(({ kind }) => ({ kind, line, encoded: true }));
}

function unzipped(bytes: Buffer): Buffer {
	if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
		return bytes;
	}
	try {
		return gunzipSync(bytes, { maxOutputLength: 1 << 20 });
	} catch {
		return bytes;
	}
}

function lineOf(text: string, index: number): number {
	return text.slice(0, index).split("\n").length;
}
