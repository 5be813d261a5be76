import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { show } from "./words";

/**
 * What is wrong with a host name or an address that devices are to connect to, undefined if nothing is. It becomes the
 * middle of a URL and a name in the hub's certificate, so it has neither scheme nor port, and nothing that TLS would
 * not find again.
 */
export function hostProblem(text: string): { message: string; remedy: string } | undefined {
	if (isHost(text)) return undefined;
	const host = hostWithin(text);
	const remedy = host === undefined ? "write for example hub.example.com" : `write ${host}`;
	return { message: `${show(text)} is not a host name or address`, remedy };
}

/** RFC 1123, or an IPv4 or IPv6 address. A last label of digits would make it an address that is none. */
function isHost(text: string): boolean {
	if (isIP(text) !== 0) return !text.includes("%");
	const labels = text.split(".");
	return (
		text.length <= 253 &&
		labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label)) &&
		!/^\d+$/.test(labels.at(-1) ?? "")
	);
}

/** The host that somebody wrote together with a scheme, a user, a port or a path, or in letters of another alphabet. */
function hostWithin(text: string): string | undefined {
	const bare = text
		.trim()
		.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
		.replace(/[/?#].*$/, "")
		.replace(/^.*@/, "");
	const inBrackets = /^\[([^\]]*)\](:\d+)?$/.exec(bare)?.[1];
	const withoutPort = inBrackets ?? bare.replace(/:\d*$/, "").replace(/\.$/, "");
	const candidates = [withoutPort, domainToASCII(withoutPort), withoutPort.replace(/\.{2,}/g, ".")];
	return candidates.find((candidate) => candidate !== "" && isHost(candidate));
}

/** What is wrong with a URL through which the hub is managed, undefined if nothing is. */
export function controlUrlProblem(text: string): { message: string; remedy: string } | undefined {
	const [, scheme = "", user, host = "", port] =
		/^(nats|tls|wss?):\/\/(?:([^@]*)@)?(\[[^\]]*\]|[^:/?#@]*)(?::(\d+))?\/?$/.exec(text) ?? [];
	const name = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
	if (!isHost(name) || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) {
		return { message: `${show(text)} is not a NATS URL`, remedy: "write for example tls://hub.example.com:4222" };
	}
	if (user === undefined) return undefined;
	const url = `${scheme}://${host}${port === undefined ? "" : `:${port}`}`;
	return { message: "names a user, and leafline comes with credentials of its own", remedy: `write ${url}` };
}
