import { type Outcome, type Rule, UNKNOWN } from "../../model";
import { type Conf, isBlock, listed, remoteName, remotesOf, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const leafRemoteUsesTls: Rule = {
	name: "leaf-remote-uses-tls",
	area: "identity",
	title: "Every leaf insists on TLS",
	severity: "mandatory",
	why:
		"A leaf encrypts when the hub asks for it, unless its remote has a tls block: then it refuses a hub that does not. tls:// in " +
		"the URL is not enough, a leaf of 2.15.2 with nothing else connected in the clear (tried). So whoever stands between, on a " +
		"mobile network or a site's Wi-Fi, leaves the request out and reads and changes everything. With insecure: true anyone's " +
		"certificate will do, which is the same.",
	remedy: "give the remote a tls block with the hub's authority (ca_file), without insecure",
	neighbours: [
		"NATS documentation, leafnodes remotes, tls (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/leafnode_conf)",
	],
	example: {
		fails: '{ "leafnodes": { "remotes": [{ "urls": ["tls://hub.example:7422"], "credentials": "device.creds" }] } }\n',
		complies:
			'{ "leafnodes": { "remotes": [{ "urls": ["tls://hub.example:7422"], "credentials": "device.creds", "tls": { "ca_file": "ca.pem" } }] } }\n',
		language: "json",
	},
	check: eachServer(
		() => true,
		(conf, { origin }) =>
			remotesOf(conf).map((remote): Outcome => {
				const tls = isKnown(remote) ? setting(remote, "tls") : UNKNOWN;
				if (!isKnown(remote) || tls === UNKNOWN) {
					return unknown(origin, `TLS of the leaf remotes of ${origin.label}`);
				}
				const verify = isBlock(tls) ? setting(tls, "insecure") : undefined;
				if (verify === UNKNOWN) {
					return unknown(origin, `whether ${origin.label} checks the hub's certificate`);
				}
				if (verify === true) {
					return violates(origin, `${origin.label} connects to ${remoteName(remote)} and takes any certificate`);
				}
				return isBlock(tls) || isSecureWebSocket(remote)
					? complies(origin)
					: violates(origin, `${origin.label} connects to ${remoteName(remote)} without insisting on TLS`);
			}),
	),
};

/** The one kind of URL that makes a leaf insist. */
function isSecureWebSocket(remote: Conf): boolean {
	const urls = listed(setting(remote, "urls"));
	return urls.length > 0 && urls.every((url) => typeof url === "string" && /^wss:\/\//i.test(url));
}
