import { isLiteral, overlaps } from "../topology/subjects";

/** The header that a server writes into every message that it sources: where the message is from. */
export interface Origin {
	/** Name of the stream, without its domain. */
	readonly stream: string;
	readonly seq: number;
	/** Tells streams of one name apart; since nats-server 2.15. */
	readonly identity?: string;
}

export const SOURCE_HEADER = "Nats-Stream-Source";

/** `<stream>[:<api>[:C=<consumer>]] <seq> <filter> <destination> <subject> [<identity>]`, see `genSourceHeader()`. */
export function readSourceHeader(text: string): Origin | undefined {
	const [index = "", seq = "", , , , identity] = text.trim().split(" ");
	if (!/^\d+$/.test(seq) || !Number.isSafeInteger(Number(seq))) return undefined;
	const stream = index.split(":", 1)[0] ?? "";
	return { stream, seq: Number(seq), ...(identity !== undefined && { identity }) };
}

/**
 * Of a stored message. The server takes a header of that name away before it writes its own behind all others, but what
 * a device sends need not be in order: of several, in whatever case and behind whatever ends a line, the last is the
 * server's.
 * @param hdrs base64
 */
export function readOrigin(hdrs = ""): Origin | undefined {
	const text = Buffer.from(hdrs, "base64").toString("latin1");
	const all = text.split("\r\n").filter((line) => line.startsWith(`${SOURCE_HEADER}:`));
	return readSourceHeader(all.at(-1)?.slice(SOURCE_HEADER.length + 1) ?? "");
}

/** Subjects that the destinations of transforms write; without any, a source's messages may be anywhere. */
export function patternsOf(destinations: readonly string[]): readonly string[] {
	if (destinations.length === 0) return [">"];
	return [...new Set(destinations.map((each) => each.replace(/\{\{[^}]*\}\}|\$\d+/g, "*")))];
}

/**
 * Whether a message is where its source writes. A device that breaks the header so that the server's own is no line any
 * more can name any stream in it; it cannot store under another's subjects, but for some that are no literals.
 */
export function isUnder(subject: string, patterns: readonly string[]): boolean {
	return isLiteral(subject) && patterns.some((pattern) => overlaps(subject, pattern));
}
