import type { TLSSocket } from "node:tls";
import { sign } from "../../components/identity/nkey";
import { foreign } from "../../config/printable";
import { type Finding, fault, good, unknown } from "./finding";
import type { Credentials } from "./judge-identity";
import { within } from "./within";

const NO_CLUSTER = "leafline doctor";
const TAKEN = /cluster name.*spaces/i;

/**
 * Shows the credentials in a greeting that no server takes for a leaf's, because of a space in its cluster's name: it looks
 * at them first (nats-server 2.15.2, `processLeafNodeConnect`), so the answer says whether they are good, and the device's
 * own link stays as it is.
 * @returns what it thinks of them, and the JetStream domain that it says it has
 */
export async function logIn(
	socket: TLSSocket,
	host: string,
	credentials: Credentials | undefined,
): Promise<{ login: Finding[]; domain?: string }> {
	const lines = linesOf(socket);
	const info = await within(lines.next(), "silence").catch(() => undefined);
	const hello = readInfo(info);
	if (!hello) {
		return {
			login: [fault("login", `${host}: it greets like no nats-server`, "look whether this is the hub's leaf port")],
		};
	}
	const domain = typeof hello.domain === "string" ? { domain: hello.domain } : {};
	if (!credentials) return { login: [], ...domain };
	const { jwt, seed, name } = credentials;
	const nonce = typeof hello.nonce === "string" ? hello.nonce : "";
	const sig = sign(seed, Buffer.from(nonce)).toString("base64url");
	socket.write(`CONNECT ${JSON.stringify({ jwt, sig, name, cluster: NO_CLUSTER, headers: true })}\r\nPING\r\n`);
	for (;;) {
		const line = await within(lines.next(), "silence").catch(() => undefined);
		if (line === undefined) {
			const remedy = "look at the hub's log";
			return {
				login: [unknown("login", `${host}: it does not say what it thinks of the credentials`, remedy)],
				...domain,
			};
		}
		if (TAKEN.test(line))
			return { login: [good("login", `${host} takes the credentials of ${foreign(name, 80)}`)], ...domain };
		if (/^-ERR/.test(line)) {
			const remedy = "they were revoked, or are of another stack: put those of the newest outputs there";
			const said = foreign(line.replace(/^-ERR\s*/, ""), 100);
			return {
				login: [fault("login", `${host} refuses the credentials of ${foreign(name, 80)}: ${said}`, remedy)],
				...domain,
			};
		}
	}
}

function readInfo(line: string | undefined): { readonly domain?: unknown; readonly nonce?: unknown } | undefined {
	try {
		const value: unknown = line?.startsWith("INFO ") ? JSON.parse(line.slice(5)) : undefined;
		return typeof value === "object" && value !== null ? value : undefined;
	} catch {
		return undefined;
	}
}

/** An INFO has some hundred bytes; who sends more without an end of line is no nats-server. */
const LONGEST_LINE = 65_536;

function linesOf(socket: TLSSocket): { next(): Promise<string | undefined> } {
	const ready: string[] = [];
	const waiting: ((line: string | undefined) => void)[] = [];
	let rest = "";
	let ended = false;
	const end = () => {
		ended = true;
		for (const give of waiting.splice(0)) give(undefined);
	};
	socket.on("data", (data: Buffer) => {
		rest += data.toString("latin1");
		const parts = rest.split("\r\n");
		rest = parts.pop() ?? "";
		for (const line of parts) {
			const give = waiting.shift();
			if (give) give(line);
			else ready.push(line);
		}
		if (rest.length > LONGEST_LINE) socket.destroy();
	});
	socket.once("close", end);
	return {
		next: () =>
			ready.length > 0 || ended ? Promise.resolve(ready.shift()) : new Promise((give) => waiting.push(give)),
	};
}
