import { type Outcome, type Rule, UNKNOWN } from "../../model";
import { remoteName, remotesOf, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const leafRemoteHasCredentials: Rule = {
	name: "leaf-remote-has-credentials",
	area: "identity",
	title: "Every leaf shows the hub who it is",
	severity: "mandatory",
	why:
		"Without credentials the hub cannot tell one device from another: it turns the leaf away, or, where it lets strangers in, the " +
		"device may do what every stranger may, and losing one device means changing all.",
	remedy: "set credentials on the remote to the device's own file",
	neighbours: [
		"NATS documentation, leafnodes remotes, credentials (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/leafnode_conf)",
	],
	example: {
		fails: '{ "leafnodes": { "remotes": [{ "urls": ["tls://hub.example:7422"], "tls": {} }] } }\n',
		complies:
			'{ "leafnodes": { "remotes": [{ "urls": ["tls://hub.example:7422"], "tls": {}, "credentials": "device.creds" }] } }\n',
		language: "json",
	},
	check: eachServer(
		() => true,
		(conf, { origin }) =>
			remotesOf(conf).map((remote): Outcome => {
				if (!isKnown(remote)) {
					return unknown(origin, `leaf remotes of ${origin.label}`);
				}
				const shown = setting(remote, "credentials") ?? setting(remote, "nkey");
				if (shown === UNKNOWN) {
					return unknown(origin, `credentials of ${origin.label}`);
				}
				return typeof shown === "string" && shown !== ""
					? complies(origin)
					: violates(origin, `${origin.label} connects to ${remoteName(remote)} without credentials`);
			}),
	),
};
