/**
 * What must never stand in a comment or a log, whatever message it got into. The last defence only: events that hold
 * values in clear are dropped before anything is read from them.
 */
const SECRETS: readonly RegExp[] = [
	// A PEM block that was cut off counts as well; line breaks may be escaped.
	/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g,
	// NATS: seeds of every kind, and decorated credentials.
	/-+BEGIN (?:NATS|USER)[\s\S]*?(?:-+END [A-Z ]+-+|$)/g,
	/\bS[ACNOPUX][A-Z2-7]{40,}\b/g,
	/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}/g,
	// AWS: access keys; secret keys are known by what they are called.
	/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
	/\b(?:aws_)?(?:secret_access_key|session_token|password|passphrase|secret)\b["']?\s*[:=]\s*["']?[^\s"',}]{6,}/gi,
	/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|pul-[a-f0-9]{40})\b/g,
	// User and password in a URL.
	/(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+:[^\s/@]+(?=@)/gi,
];

/** The text with `[secret]` in place of each. */
export function redact(text: string): string {
	return SECRETS.reduce((rest, secret) => rest.replace(secret, "[secret]"), text);
}
