import type { Design, DesignServer, Outcome, PolicyConfig, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { isPublic, isWildcard } from "./addresses";
import { eachServer } from "./each";
import { type Listener, listenersOf } from "./listeners";

export const listenersAreNotPublic: Rule = {
	name: "listeners-are-not-public",
	area: "hub",
	title: "Clients, monitoring and routes are not at a public address",
	severity: "mandatory",
	why:
		"A server listens for clients on every address of its machine unless it is told otherwise, and its monitoring follows, " +
		"which tells anyone who asks the names of accounts, streams and devices and asks for no credentials. Programs on a device " +
		"need none either, so whoever reaches its client port is that device. Routes take part in the cluster: on all addresses " +
		"they are let through only where a security group of this design or mutual TLS keeps others out.",
	remedy: "listen on 127.0.0.1, or on a private address that is named",
	neighbours: [
		"NATS documentation, Monitoring: the monitoring port asks for no credentials and does not belong on the Internet (https://docs.nats.io/running-a-nats-service/nats_admin/monitoring)",
	],
	example: {
		fails: '{ "listen": "0.0.0.0:4222", "http": 8222 }\n',
		complies: '{ "listen": "127.0.0.1:4222", "http": "127.0.0.1:8222" }\n',
		language: "json",
	},
	check: eachServer(
		() => true,
		(conf, server, config, design) =>
			listenersOf(conf).map((listener) => judgeListener(listener, server, config, design)),
	),
};

/** What the rule says of one listener. */
export function judgeListener(
	{ what, host, port, mutualTls }: Listener,
	{ origin, role }: DesignServer,
	{ allowedPorts }: PolicyConfig,
	{ ingress }: Design,
): Outcome {
	if (isKnown(port) && role === "hub" && allowedPorts.includes(port)) {
		return complies(origin);
	}
	if (!isKnown(host) || (!isWildcard(host) && !/^[\d.]+$|:/.test(host) && host !== "localhost")) {
		return unknown(origin, `the address on which ${origin.label} listens for ${what}`);
	}
	const guarded = (what === "routes" || what === "gateways") && (mutualTls || ingress.length > 0);
	if (host === "localhost" || (isWildcard(host) ? guarded : !isPublic(host))) {
		return complies(origin);
	}
	const kind = isWildcard(host) ? "every address of its machine" : `the public address ${host}`;
	const at = isKnown(port) && port > 0 ? `, port ${port}` : "";
	return violates(origin, `${origin.label} listens for ${what} on ${kind}${at}: only the leaf port may be public`);
}
