import type { Rule } from "../../model";
import { block, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, violates } from "../outcomes";

export const hubHasNoDefaultUser: Rule = {
	name: "hub-has-no-default-user",
	area: "identity",
	title: "The hub knows nobody who shows no credentials",
	severity: "mandatory",
	why:
		"no_auth_user makes whoever connects without credentials that user, on the leaf port as well, which is the one that is open " +
		"to the world. Until 2.11.16, 2.12.7 and 2.14.0 it did so on the leaf port where the configuration said otherwise.",
	remedy: "take no_auth_user out, and give whoever needs it credentials",
	example: {
		fails: '{ "accounts": { "HUB": { "users": [{ "nkey": "UA…" }] } }, "no_auth_user": "UA…" }\n',
		complies: '{ "accounts": { "HUB": { "users": [{ "nkey": "UA…" }] } } }\n',
		language: "json",
	},
	check: eachServer(
		({ role }) => role === "hub",
		(conf, { origin }) => {
			const blocks = { "": conf, " for WebSocket": block(conf, "websocket", "ws"), " for MQTT": block(conf, "mqtt") };
			const found = Object.entries(blocks).find(([, part]) => setting(part, "no_auth_user") !== undefined);
			return [
				found === undefined
					? complies(origin)
					: violates(origin, `${origin.label} has no_auth_user${found[0]}: it lets in whoever shows no credentials`),
			];
		},
	),
};
