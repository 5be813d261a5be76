import { type Outcome, type Rule, UNKNOWN } from "../../model";
import { block, type Conf, isBlock, listed, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, unknown, violates } from "../outcomes";

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
		(conf, { origin }): Outcome[] => {
			const where = { "": conf, " for WebSocket": setting(conf, "websocket"), " for MQTT": setting(conf, "mqtt") };
			for (const [name, part] of Object.entries(where)) {
				if (!isBlock(part) || setting(part, "no_auth_user") === undefined) continue;
				const message = `${origin.label} has no_auth_user${name}: it lets in whoever shows no credentials`;
				return [violates(origin, message)];
			}
			if (Object.values(where).includes(UNKNOWN)) return [unknown(origin, `no_auth_user of ${origin.label}`)];
			const asks = asksLeaves(conf);
			if (asks === UNKNOWN) return [unknown(origin, `whom ${origin.label} lets in`)];
			const message = `${origin.label} has a leaf port and no operator or user: it lets in whoever connects`;
			return [asks ? complies(origin) : violates(origin, message)];
		},
	),
};

/** Whether a leaf must show who it is, by credentials or by a certificate. */
function asksLeaves(conf: Conf): boolean | typeof UNKNOWN {
	const leafnodes = setting(conf, "leafnodes");
	if (leafnodes === UNKNOWN) return UNKNOWN;
	const listens = ["listen", "port", "host"].some((key) => isBlock(leafnodes) && setting(leafnodes, key) !== undefined);
	if (!listens || !isBlock(leafnodes)) return true;
	const own = block(leafnodes, "authorization");
	const accounts = Object.values(block(conf, "accounts"));
	const asking = [
		setting(conf, "operator"),
		setting(conf, "trusted_keys"),
		...["user", "password", "token", "users", "auth_callout"].map((key) => setting(block(conf, "authorization"), key)),
		...["user", "nkey", "users"].map((key) => setting(own, key)),
		...accounts.map((account) => (isBlock(account) ? setting(account, "users") : account)),
		setting(block(leafnodes, "tls"), "verify") || undefined,
	];
	const open = [setting(conf, "authorization"), setting(conf, "accounts"), setting(leafnodes, "tls"), ...asking];
	if (asking.some((part) => part !== undefined && part !== UNKNOWN && listed(part).length > 0)) return true;
	return open.includes(UNKNOWN) ? UNKNOWN : false;
}
