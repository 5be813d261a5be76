import { SECRET_FORMS } from "../../../config/secrets";
import { namedSecrets, withoutComments } from "./secrets-named";
import { natsPasswords } from "./secrets-nats";
import { packedIn } from "./secrets-packed";

/** A secret that stands in a text. Never the secret itself: what is shown ends up in logs and comments. */
export interface Secret {
	readonly kind: string;
	/** Line of the text, from 1. */
	readonly line: number;
	/** It is there in base64, perhaps compressed. */
	readonly encoded: boolean;
}

const URL_PASSWORD = "a password in a URL";
const AWS_SECRET = /aws_?secret_?access_?key["']?\s*[=:]\s*["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi;
/** For NATS, a name alone is a token. */
const URL_TOKEN = /\b(?:nats|tls|wss?):\/\/[^\s/:@"'$<>{}]{6,256}@/gi;
const JWT = /eyJ[\w-]{10,}\.(eyJ[\w-]{10,})\.[\w-]{10,}/g;

/** All secrets in a text, also those that stand in it encoded, one in the other. */
export function secretsIn(text: string, depth = 3): Secret[] {
	const inner =
		depth === 0
			? []
			: packedIn(text).flatMap(({ text: packed, index }) =>
					secretsIn(packed, depth - 1).map(({ kind }) => ({ kind, line: lineOf(text, index), encoded: true })),
				);
	const all = [...plain(text), ...inner].sort((a, b) => a.line - b.line);
	return all.filter(({ kind, line }, i) => all.findIndex((other) => other.kind === kind && other.line === line) === i);
}

/** For people, without the secret. */
export function describeSecret({ kind, line, encoded }: Secret): string {
	return `${kind} in line ${line}${encoded ? ", encoded" : ""}`;
}

/** A secret that has a form of its own is one in a comment as well; what is only called so is an example there. */
function plain(text: string): Secret[] {
	const code = withoutComments(text);
	const forms = SECRET_FORMS.flatMap(({ kind, pattern }) => {
		return [...(kind === URL_PASSWORD ? code : text).matchAll(pattern)].map(({ index }) => ({ kind, index }));
	});
	const shaped = [
		...forms,
		...[...text.matchAll(AWS_SECRET)].map(({ index }) => ({ kind: "an AWS secret key", index })),
		...[...code.matchAll(URL_TOKEN)].map(({ index }) => ({ kind: "a token in a URL", index })),
		...tokens(text),
	].map(({ kind, index }) => ({ kind, line: lineOf(text, index), encoded: false }));
	const named = [
		...namedSecrets(text),
		...natsPasswords(text).map((index) => ({ kind: "a password or token", index })),
	].map(({ kind, index }) => ({ kind, line: lineOf(text, index), encoded: false }));
	// `AWS_SECRET_ACCESS_KEY=…` is one thing to say.
	return [...shaped, ...named.filter(({ line }) => !shaped.some((other) => other.line === line))];
}

/** Those of operators and accounts are public, and every server's configuration holds them. */
function tokens(text: string): { kind: string; index: number }[] {
	return [...text.matchAll(JWT)].flatMap(({ index, 1: claims = "" }) => {
		const shared = /"type"\s*:\s*"(operator|account)"/.test(Buffer.from(claims, "base64url").toString("utf8"));
		return shared ? [] : [{ kind: "a JWT", index }];
	});
}

function lineOf(text: string, index: number): number {
	return text.slice(0, index).split("\n").length;
}
