import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { messageOf } from "../errors";

const WITHIN_MS = 5_000;

/** Whether a node shows a certificate of an authority, and why not. */
export interface Shown {
	readonly url: string;
	readonly good: boolean;
	readonly why: string;
}

/**
 * Which nodes of a hub show, to whoever connects now, a certificate that an authority signed.
 * @param urls `tls://host:port`, every node's
 * @param authority one certificate, PEM
 */
export async function signedBy(urls: readonly string[], authority: string): Promise<readonly Shown[]> {
	const { publicKey } = new X509Certificate(authority);
	return Promise.all(
		urls.map(async (url) => {
			try {
				const good = (await shownAt(url)).verify(publicKey);
				return { url, good, why: good ? "" : "its certificate is of another authority" };
			} catch (error) {
				return { url, good: false, why: `shows no certificate: ${messageOf(error)}` };
			}
		}),
	);
}

function shownAt(url: string): Promise<X509Certificate> {
	const { hostname, port } = new URL(url);
	const host = hostname.replace(/^\[|\]$/g, "");
	const name = isIP(host) ? {} : { servername: host };
	return new Promise((resolve, reject) => {
		// It is looked at and nothing is said: whether it is to be trusted is what the caller asks.
		const socket = connect({ host, port: Number(port), minVersion: "TLSv1.3", rejectUnauthorized: false, ...name });
		socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error("no answer")));
		socket.once("error", reject);
		socket.once("secureConnect", () => {
			resolve(new X509Certificate(socket.getPeerCertificate().raw));
			socket.destroy();
		});
	});
}
