import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { sign } from "../../components/identity/nkey";
import { foreign } from "../../config/printable";
import { messageOf } from "../../system/message";
import { type Finding, fault, good, unknown, warning } from "./finding";
import type { Credentials } from "./judge-identity";

/** The way to the hub, step by step as a device goes it: name, port, TLS, login. */

const WITHIN_MS = 8_000;
const CERTIFICATE_SOON_MS = 30 * 86_400_000;

export interface HubProbe {
	readonly findings: readonly Finding[];
	/** JetStream domain that the hub says it has. */
	readonly domain?: string;
}

/**
 * Asks one node of the hub.
 * @param url as in `leaf.conf`, `tls://host:port`
 * @param ca PEM
 * @param credentials to be shown to it. @default none: how far the way goes without
 */
export async function probeHub(url: string, ca: string, credentials?: Credentials): Promise<HubProbe> {
	const place = placeOf(url);
	if (!place)
		return {
			findings: [fault("dns", `${foreign(url, 100)} is no URL of a hub`, "tls://host:7422, as the outputs have it")],
		};
	const { host, port } = place;
	const findings: Finding[] = [];
	const dns = await resolves(host);
	findings.push(...dns);
	if (dns.some(({ level }) => level === "fault")) return { findings };
	const socket = await opened(host, port);
	findings.push(
		typeof socket === "string" ? tcpFault(host, port, socket) : good("tcp", `${host}:${port} takes connections`),
	);
	if (typeof socket === "string") return { findings };
	try {
		const { secured, finding } = await secure(socket, host, ca);
		findings.push(finding);
		if (!secured) return { findings };
		const { login, domain } = await logIn(secured, host, credentials);
		return { findings: [...findings, ...login], ...(domain !== undefined && { domain }) };
	} finally {
		socket.destroy();
	}
}

function placeOf(url: string): { readonly host: string; readonly port: number } | undefined {
	try {
		const { hostname, port } = new URL(url.replace(/^(tls|nats|nats-leaf):/, "http:"));
		return hostname === "" ? undefined : { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 7422) };
	} catch {
		return undefined;
	}
}

async function resolves(host: string): Promise<Finding[]> {
	if (isIP(host)) return [];
	try {
		const found = await within(lookup(host, { all: true }), "no answer of the name server");
		return [good("dns", `${host} is ${found.map(({ address }) => address).join(", ")}`)];
	} catch (error) {
		const remedy =
			"look at /etc/resolv.conf and at the network; if others can resolve it, at the name server that this machine asks";
		return [fault("dns", `${host} cannot be resolved: ${messageOf(error)}`, remedy)];
	}
}

function opened(host: string, port: number): Promise<Socket | string> {
	return new Promise((resolve) => {
		const socket = connectTcp({ host, port });
		const end = (result: Socket | string) => {
			clearTimeout(timer);
			socket.off("error", failed);
			// Whoever has it looks after it; until then an error is no reason to end the program.
			socket.on("error", () => {});
			if (typeof result === "string") socket.destroy();
			resolve(result);
		};
		const failed = (error: Error & { code?: string }) => end(error.code ?? error.message);
		const timer = setTimeout(() => end("ETIMEDOUT"), WITHIN_MS);
		socket.once("error", failed).once("connect", () => end(socket));
	});
}

const TCP_REMEDIES: Readonly<Record<string, readonly [string, string]>> = {
	ECONNREFUSED: [
		"nobody listens there",
		"look whether the hub runs, and whether host and port are those of the outputs",
	],
	ETIMEDOUT: [
		"no answer",
		"a firewall on the way, or none of its rules for this network: allow TCP to this port, outbound too",
	],
	EHOSTUNREACH: ["no way there", "look at the link, the modem and the routes (ip route get)"],
	ENETUNREACH: ["no way there", "look at the link, the modem and the routes (ip route get)"],
};

function tcpFault(host: string, port: number, code: string): Finding {
	const [what, remedy] = TCP_REMEDIES[code] ?? [code, "look at the link, and at firewalls on the way"];
	return fault("tcp", `${host}:${port}: ${what}`, remedy);
}

async function secure(socket: Socket, host: string, ca: string): Promise<{ finding: Finding; secured?: TLSSocket }> {
	// Loaded here: the device program itself speaks to its own server alone, without it (`without-tls.ts`).
	const tls = await import("node:tls");
	const name = isIP(host) ? {} : { servername: host };
	const options: ConnectionOptions = { socket, host, ca, minVersion: "TLSv1.3", ...name };
	return new Promise((resolve) => {
		const secured = tls.connect(options);
		const failed = (error: Error & { code?: string }) =>
			resolve({ finding: tlsFault(host, error.code, error.message) });
		secured.setTimeout(WITHIN_MS, () => secured.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
		secured.on("error", failed);
		secured.once("close", () => failed(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
		secured.once("secureConnect", () => {
			const ends = Date.parse(secured.getPeerCertificate().valid_to);
			const text = `${host}: its certificate is good until ${new Date(ends).toISOString().slice(0, 10)}`;
			const soon = ends - Date.now() < CERTIFICATE_SOON_MS;
			const finding = soon
				? warning("tls", text, "npm run up makes a new one; devices need nothing")
				: good("tls", text);
			resolve({ finding, secured });
		});
	});
}

/** By Node's code (OpenSSL's `X509_V_ERR_…`). */
const TLS_REMEDIES: Readonly<Record<string, readonly [string, string]>> = {
	CERT_HAS_EXPIRED: [
		"its certificate has expired",
		"look whether the clock here is right; else npm run up makes a new one",
	],
	CERT_NOT_YET_VALID: ["its certificate is not valid yet", "the clock here is behind: set it"],
	ERR_TLS_CERT_ALTNAME_INVALID: [
		"its certificate is for other names",
		"use a name of the outputs' hub.urls, or add it to the hub's addresses and npm run up",
	],
	ECONNRESET: [
		"it closes the connection before TLS is agreed on",
		"look whether this is the hub's leaf port, and no proxy is in between",
	],
	ETIMEDOUT: [
		"no answer within 8 s",
		"a middlebox that looks into TLS, or a port of something else: it must let TLS 1.3 through as it is",
	],
	ERR_SSL_WRONG_VERSION_NUMBER: ["it does not speak TLS there", "look whether this is the hub's leaf port"],
	ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: [
		"it does not speak TLS 1.3",
		"look whether this is leafline's hub, and no proxy is in between",
	],
};
const OTHER_AUTHORITY = new Set([
	"SELF_SIGNED_CERT_IN_CHAIN",
	"DEPTH_ZERO_SELF_SIGNED_CERT",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE",
	"UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
	"CERT_SIGNATURE_FAILURE",
]);

function tlsFault(host: string, code = "", message = ""): Finding {
	if (OTHER_AUTHORITY.has(code)) {
		const remedy = "compare ca.pem with the outputs' ca; if it is the same, somebody else answers there: find out who";
		return fault("tls", `${host}: its certificate is of another authority than ca.pem`, remedy);
	}
	const [what, remedy] = TLS_REMEDIES[code] ?? [
		foreign(message, 200),
		"look at the hub's log, and at what is in between",
	];
	return fault("tls", `${host}: ${what}`, remedy);
}

/**
 * Shows the credentials in a greeting that no server takes for a leaf's, because of a space in its cluster's name: it looks
 * at them first (nats-server 2.15.2, `processLeafNodeConnect`), so the answer says whether they are good, and the device's
 * own link stays as it is.
 */
const NO_CLUSTER = "leafline doctor";
const TAKEN = /cluster name.*spaces/i;

async function logIn(
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

function within<T>(work: Promise<T>, otherwise: string): Promise<T> {
	let timer: NodeJS.Timeout;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(otherwise)), WITHIN_MS);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
