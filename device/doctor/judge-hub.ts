import { foreign } from "../../config/printable";
import { type Finding, fault } from "./finding";

/** What a failure on the way to the hub means, and what to do about it. */

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

/** @param code Node's, for example `ECONNREFUSED` */
export function tcpFault(host: string, port: number, code: string): Finding {
	const [what, remedy] = TCP_REMEDIES[code] ?? [code, "look at the link, and at firewalls on the way"];
	return fault("tcp", `${host}:${port}: ${what}`, remedy);
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

/** @param code Node's; @param message where that says nothing */
export function tlsFault(host: string, code = "", message = ""): Finding {
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
