/**
 * What a secret looks like, and how one that got into a message is hidden. Whoever shows a value that somebody typed, or
 * searches a text for what must not stand in it, asks here.
 */

export interface SecretForm {
	/** With its article, for messages: `an nkey seed`. */
	readonly kind: string;
	/** Global. Matches nothing but secrets of this kind, so that whatever it finds may be refused. */
	readonly pattern: RegExp;
}

/** Secrets that can be told by their form alone, wherever they stand. */
export const SECRET_FORMS: readonly SecretForm[] = [
	{ kind: "an nkey seed", pattern: /(?<![A-Z2-7])S[OAUNXC][A-Z2-7]{56}(?![A-Z2-7])/g },
	{ kind: "a private key", pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g },
	{ kind: "NATS credentials", pattern: /-----BEGIN (?:NATS USER JWT|USER NKEY SEED)-----/g },
	{ kind: "an AWS access key", pattern: /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])/g },
	{ kind: "an access token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|pul-[a-f0-9]{40})\b/g },
	{ kind: "a password in a URL", pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"'$]{1,256}:[^\s/@"'$]{1,256}@/gi },
];

/** As `SECRET_FORMS`, but also what is cut off, misspelt or only likely: hiding too much does no harm. */
const HIDDEN: readonly SecretForm[] = [
	{
		kind: "a key or a certificate",
		pattern: /-{3,}BEGIN [A-Z0-9 ]+-{3,}[\s\S]*?(?:-{3,}END [A-Z0-9 ]+-{3,}|$)/g,
	},
	{ kind: "an nkey seed", pattern: /\bS[ACNOPUX][A-Z2-7]{30,}\b/gi },
	{ kind: "a private nkey", pattern: /\bP[A-Z2-7]{40,}\b/g },
	{ kind: "a JWT", pattern: /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}/g },
	...SECRET_FORMS.filter(({ kind }) => kind !== "a password in a URL"),
	{
		kind: "a password",
		pattern:
			/(?<=\b(?:(?:aws_)?secret_access_key|session_token|password|passphrase|secret)\b["']?\s{0,8}[:=]\s{0,8}["']?)(?!\[secret)[^\s"',}]{6,}/gi,
	},
	// A token stands where the user does. With a password, slashes may be in it, up to the last `@` of the word.
	{
		kind: "a password",
		pattern:
			/(?<=\b[a-z][a-z0-9+.-]{0,20}:\/{1,3})(?!\[secret)(?:[^\s/@"']{1,256}|[^\s/@:"']{1,256}:[^\s"']{0,256})@/gi,
	},
	// Without a scheme, two words with a colon between them; an image's digest is no host.
	{
		kind: "a password",
		pattern: /(?<![\w/:.-])(?!mailto:)[\w.%+-]{1,64}:[^\s@"'/]{1,256}@(?!sha\d+:)(?=[\w[])/gi,
	},
];

/**
 * The text with `[secret: an nkey seed]` in place of each secret, and otherwise as it was. Text that was hidden already
 * stays so.
 */
export function hideSecrets(text: string): string {
	return HIDDEN.reduce(
		(rest, { kind, pattern }) => rest.replace(pattern, (found) => `[secret: ${kind}]${found.endsWith("@") ? "@" : ""}`),
		text,
	);
}
