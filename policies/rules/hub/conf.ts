import { isDeepStrictEqual } from "node:util";
import { UNKNOWN } from "../../model";

/** A block of a nats-server's configuration. Its parts may be `UNKNOWN`. */
export type Conf = Readonly<Record<string, unknown>>;

export function isBlock(value: unknown): value is Conf {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Settings for which nats-server 2.15.2 has several names, under the one that rules use (its `opts.go`). They are the same
 * in every block that has them.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
	authorization: ["authorization", "authentication"],
	credentials: ["credentials", "creds"],
	host: ["host", "net"],
	http_port: ["http_port", "monitor_port"],
	leafnodes: ["leafnodes", "leaf"],
	mappings: ["mappings", "maps"],
	max_bytes_required: ["max_bytes_required", "max_stream_bytes", "max_bytes"],
	max_file: ["max_file", "max_file_store"],
	nkey: ["nkey", "seed"],
	operator: ["operator", "operators", "root", "roots", "root_operator", "root_operators"],
	password: ["password", "pass"],
	resolver: ["resolver", "account_resolver", "accounts_resolver"],
	system_account: ["system_account", "system"],
	trusted_keys: ["trusted_keys", "trusted"],
	urls: ["urls", "url"],
	user: ["user", "username"],
	websocket: ["websocket", "ws"],
};
const NAME = new Map(Object.entries(NAMES).flatMap(([name, all]) => all.map((alias) => [alias, name] as const)));

/** Blocks whose keys are of the user's own choice, in which upper and lower case are different. */
const OWN_KEYS: readonly string[] = ["accounts", "mappings", "resolver_preload", "server_metadata", "feature_flags"];

/** The one name that rules use for a key. The server does not mind upper and lower case. */
export function settingName(key: string): string {
	const name = key.toLowerCase();
	return NAME.get(name) ?? name;
}

/** The value of a setting, whatever name and spelling it has. */
export function setting(conf: Conf, name: string): unknown {
	return Object.entries(conf).find(([key, value]) => settingName(key) === name && value !== undefined)?.[1];
}

/** A block inside a block; empty when there is none. */
export function block(conf: Conf, name: string): Conf {
	const value = setting(conf, name);
	return isBlock(value) ? value : {};
}

/**
 * Settings that are there twice with different values, under two names or in two spellings, as `net and HOST`. The server
 * takes either, and not always the same: it goes through them in no order.
 */
export function contradictions(conf: Conf, ownKeys = false): string[] {
	const first = new Map<string, [key: string, value: unknown]>();
	const stated = Object.entries(conf).filter(([, value]) => value !== undefined);
	return stated.flatMap(([key, value]): string[] => {
		const name = settingName(key);
		const inner = listed(value).flatMap((part) =>
			isBlock(part) ? contradictions(part, !ownKeys && OWN_KEYS.includes(name)) : [],
		);
		const other = ownKeys ? undefined : first.get(name);
		if (other === undefined) first.set(name, [key, value]);
		return other === undefined || isDeepStrictEqual(other[1], value) ? inner : [`${other[0]} and ${key}`, ...inner];
	});
}

/** One thing, or a list of them, as a list. */
export function listed(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Connections that a server makes to others as their leaf; `UNKNOWN` in place of those that are not known. */
export function remotesOf(conf: Conf): readonly (Conf | typeof UNKNOWN)[] {
	const leafnodes = setting(conf, "leafnodes");
	if (leafnodes === UNKNOWN) {
		return [UNKNOWN];
	}
	const remotes = isBlock(leafnodes) ? listed(setting(leafnodes, "remotes")) : [];
	return remotes.filter((remote): remote is Conf | typeof UNKNOWN => remote === UNKNOWN || isBlock(remote));
}

/** Where a remote connects to, for people: without the password that may stand in it. */
export function remoteName(remote: Conf): string {
	const urls = listed(setting(remote, "urls")).map((url) =>
		typeof url === "string" ? url.replace(/\/\/[^/@]*@/, "//…@") : "an address that is not known yet",
	);
	return urls.length === 0 ? "nowhere" : urls.join(" or ");
}
