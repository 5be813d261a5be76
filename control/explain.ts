import { DEVICE_SERVER_FLOOR } from "../topology/server-floors";
import { type Connection, whereabouts } from "./connection";

/** What the log of a control leaf says about a link that does not come up, from the most to the least telling. */
const SIGNS: readonly { sign: RegExp; meaning: string }[] = [
	{
		sign: /x509|certificate|tls:/i,
		meaning: "its certificate was not accepted; does `ca` belong to the authority that signed it?",
	},
	{
		sign: /authorization|authentication|not authorized|account .*(not found|missing)|expired|revoked/i,
		meaning: "it refused the credentials; were they made from the keys of this hub, and is the account known there?",
	},
	{
		// While the hub looks for an account that it does not know, its own time-out ends the link, without a word.
		sign: /closed: Stale Connection/i,
		meaning: "it dropped the link, as it does with credentials of an account that it does not know",
	},
	{
		// Only of a hub that tells no addresses, and so only by servers that are older than any that may run here.
		sign: /connect to wrong port/i,
		meaning: `its nats-server is too old for the hub: install ${DEVICE_SERVER_FLOOR} or later; or that is no leaf port`,
	},
	{ sign: /no such host|server misbehaving/i, meaning: "its name cannot be resolved" },
	{ sign: /connection refused/i, meaning: "nothing listens there; is the hub running?" },
	{
		// A connection that is reset as it begins: a link that has just been cut, or something between that lets none through.
		sign: /handshake error: .*(reset by peer|broken pipe|EOF)/i,
		meaning: "the connection is taken and ended before TLS begins; what is between them, or listens there instead?",
	},
	{
		sign: /i\/o timeout|no route|unreachable/i,
		meaning: "it cannot be reached; does a firewall let the leaf port in?",
	},
	{ sign: /TLS handshake/i, meaning: "TLS does not come about; see its log" },
];

/** Why a leaf's link does not come up, as the newest lines of its log tell; undefined if they do not. */
export function linkTrouble(log: string): string | undefined {
	const lines = log.split("\n").filter((line) => /\[(ERR|WRN|INF)\]/.test(line));
	// The newest lines count: an early refusal may have been a hub that was still starting.
	const recent = lines.slice(-12).join("\n");
	return SIGNS.find(({ sign }) => sign.test(recent))?.meaning;
}

/** A message for a hub that did not answer in the named account. */
export function explain(connection: Connection, account: "ADMIN" | "SYSTEM", log: string | undefined): string {
	const where = whereabouts(connection);
	const found = linkTrouble(log ?? "");
	const what = account === "ADMIN" ? "its JetStream" : "its system account";
	if (found) return `the hub at ${where} did not answer: ${found}`;
	return `the hub at ${where} did not answer: ${what} is silent, though the link gave no error`;
}
