import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
	BasicConstraintsExtension,
	cryptoProvider,
	SubjectAlternativeNameExtension,
	X509CertificateGenerator,
} from "@peculiar/x509";

cryptoProvider.set(webcrypto as unknown as Crypto);

/** PEM of an authority of its own, and of a certificate for 127.0.0.1 that it signed. */
export interface Authority {
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
}

export async function makeAuthority(): Promise<Authority> {
	const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
	const generate = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
	const [authority, server] = [await generate(), await generate()];
	const notBefore = new Date(Date.now() - 3_600_000);
	const notAfter = new Date(Date.now() + 86_400_000);
	const ca = await X509CertificateGenerator.createSelfSigned({
		name: "CN=leafline test",
		notBefore,
		notAfter,
		signingAlgorithm: algorithm,
		keys: authority,
		extensions: [new BasicConstraintsExtension(true, 0, true)],
	});
	const cert = await X509CertificateGenerator.create({
		subject: "CN=hub",
		issuer: ca.subject,
		notBefore,
		notAfter,
		signingAlgorithm: algorithm,
		publicKey: server.publicKey,
		signingKey: authority.privateKey,
		extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
	});
	const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", server.privateKey)).toString("base64");
	const lines = der.match(/.{1,64}/g)?.join("\n");
	const key = `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
	return { ca: ca.toString("pem"), cert: cert.toString("pem"), key };
}
