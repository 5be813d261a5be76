import { type DesignServer, type Outcome, type Rule, UNKNOWN } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { isLoopback } from "./addresses";
import { eachServer } from "./each";
import { type Listener, listenersOf } from "./listeners";
import { judgeListener } from "./listeners-are-not-public";

const CLIENTS: readonly Listener["what"][] = ["clients", "WebSocket clients", "MQTT clients"];

export const clientsComeByTls: Rule = {
	name: "clients-come-by-tls",
	area: "hub",
	title: "Whoever reads the hub over a network does so by TLS",
	severity: "mandatory",
	why:
		"A client's credentials prove who connects, and protect nothing of what is said afterwards: without TLS everyone on the way " +
		"reads along, and can answer in the hub's place. A security group says which machines may connect, not who sees their " +
		"traffic. The server does not ask for TLS where its configuration has no tls block, whatever the client would like.",
	remedy: "give the listener a tls block, or listen on 127.0.0.1; readers in hub.aws.readers come by TLS",
	neighbours: [
		"NATS documentation, Enabling TLS (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/tls)",
	],
	example: {
		fails: '{ "listen": "10.74.0.10:4222" }\n',
		complies: '{ "listen": "10.74.0.10:4222", "tls": { "cert_file": "leaf.crt", "key_file": "leaf.key" } }\n',
		language: "json",
	},
	check: eachServer(
		({ role }) => role === "hub",
		(conf, server, config, design) =>
			listenersOf(conf)
				.filter(({ what }) => CLIENTS.includes(what))
				// One that is open to the Internet has been told so already: one mistake, one finding.
				.filter((listener) => judgeListener(listener, server, config, design).verdict !== "violates")
				.map((listener) => judge(listener, server)),
	),
};

function judge({ what, host, port, tls }: Listener, { origin }: DesignServer): Outcome {
	if (tls === true || (isKnown(host) && isLoopback(host))) {
		return complies(origin);
	}
	if (tls === UNKNOWN || !isKnown(host)) {
		return unknown(origin, `whether ${what} reach ${origin.label} by TLS`);
	}
	const at = isKnown(port) && port > 0 ? `, port ${port}` : "";
	const where = host === "" ? "every address of its machine" : host;
	return violates(
		origin,
		`${origin.label} listens for ${what} on ${where}${at}, without TLS: everyone on the way reads along`,
	);
}
