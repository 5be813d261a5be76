import { isIP } from "node:net";

/** A certificate authority of the stack's own, and a certificate of the hub that it signed. All PEM. */
export interface Certificates {
	readonly caPem: string;
	readonly caKey: string;
	readonly serverCert: string;
	readonly serverKey: string;
	/** End of the server's certificate, milliseconds since 1970. */
	readonly serverEnds: number;
	/** End of the authority, milliseconds since 1970. */
	readonly caEnds: number;
}

export interface CertificateAuthority {
	readonly caPem: string;
	readonly caKey: string;
	readonly caEnds: number;
}

const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;

/** A device that boots without a clock may be behind by months; certificates hold from a year ago. */
const BACKDATED = YEAR;
const CA_LIFE = 10 * YEAR;
const SERVER_LIFE = 2 * YEAR;
/** Devices may be away for weeks, and people on holiday: the last quarter of a year is for renewing. */
const RENEW_BEFORE = 90 * DAY;

/** Whether the server's certificate must be made anew: it soon ends, or the hub got other names. */
export function needsRenewal(
	made: { readonly serverEnds: number; readonly hosts: readonly string[] },
	hosts: readonly string[],
	now: number,
): boolean {
	return made.serverEnds - now < RENEW_BEFORE || !sameHosts(made.hosts, hosts);
}

function sameHosts(a: readonly string[], b: readonly string[]): boolean {
	return a.length === b.length && [...a].sort().every((host, i) => host === [...b].sort()[i]);
}

/**
 * A new authority, valid for 10 years.
 * @param now milliseconds since 1970
 */
export async function createAuthority(now: number): Promise<CertificateAuthority> {
	const { crypto, x509 } = await load();
	const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
	const ends = now + CA_LIFE;
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		name: "CN=leafline authority",
		notBefore: new Date(now - BACKDATED),
		notAfter: new Date(ends),
		signingAlgorithm: ECDSA,
		keys: pair,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
		],
	});
	return { caPem: pem(certificate.toString("pem")), caKey: await exportKey(crypto, pair.privateKey), caEnds: ends };
}

/** What a certificate may prove: a server to those who connect, or each side of a connection to the other. */
export type CertificateUse = "server" | "peer";

/**
 * A certificate for the hub, valid for 2 years, at most as long as its authority.
 * @param hosts host names and IP addresses by which the hub is reached
 * @param now milliseconds since 1970
 * @param use `server` for the leaf port, `peer` for the routes between nodes. @default "server"
 */
export async function createServerCertificate(
	authority: CertificateAuthority,
	hosts: readonly string[],
	now: number,
	use: CertificateUse = "server",
): Promise<Certificates> {
	const { crypto, x509 } = await load();
	const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
	const ca = new x509.X509Certificate(authority.caPem);
	const ends = Math.min(now + SERVER_LIFE, authority.caEnds);
	const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
	const certificate = await x509.X509CertificateGenerator.create({
		subject: "CN=leafline hub",
		issuer: ca.subject,
		notBefore: new Date(now - BACKDATED),
		notAfter: new Date(ends),
		signingAlgorithm: ECDSA,
		publicKey: pair.publicKey,
		signingKey: await importKey(crypto, authority.caKey),
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension(use === "peer" ? [serverAuth, clientAuth] : [serverAuth]),
			new x509.SubjectAlternativeNameExtension(
				hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }) as const),
			),
			await x509.AuthorityKeyIdentifierExtension.create(ca),
		],
	});
	return {
		...authority,
		serverCert: pem(certificate.toString("pem")),
		serverKey: await exportKey(crypto, pair.privateKey),
		serverEnds: ends,
	};
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Loaded late: it takes longer than everything else that the program loads, and is needed once in two years. */
async function load() {
	await import("reflect-metadata");
	const x509 = await import("@peculiar/x509");
	const { webcrypto } = await import("node:crypto");
	return { crypto: webcrypto, x509 };
}

type Crypto = Awaited<ReturnType<typeof load>>["crypto"];
type Key = Parameters<Crypto["subtle"]["exportKey"]>[1];

async function exportKey(crypto: Crypto, key: Key): Promise<string> {
	const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
	const lines = der.match(/.{1,64}/g) ?? [];
	return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

async function importKey(crypto: Crypto, text: string): Promise<Key> {
	const der = Buffer.from(text.replace(/-----[^-]+-----|\s/g, ""), "base64");
	return crypto.subtle.importKey("pkcs8", der, ECDSA, false, ["sign"]);
}

function pem(text: string): string {
	return `${text.replace(/\r/g, "").trim()}\n`;
}
