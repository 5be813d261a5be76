import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { foreign } from "../../config/printable";
import { messageOf } from "../../system/message";
import { type Finding, fault, good, warning } from "./finding";
import { tcpFault, tlsFault } from "./judge-hub";
import type { Credentials } from "./judge-identity";
import { logIn } from "./login";
import { WITHIN_MS, within } from "./within";

/** The way to the hub, step by step as a device goes it: name, port, TLS, login. */

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
