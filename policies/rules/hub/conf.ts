import { UNKNOWN } from "../../model";

/** A block of a nats-server's configuration. Its parts may be `UNKNOWN`. */
export type Conf = Readonly<Record<string, unknown>>;

export function isBlock(value: unknown): value is Conf {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a key under any of its names. The server does not mind upper and lower case. */
export function setting(conf: Conf, ...names: readonly string[]): unknown {
	return Object.entries(conf).find(([key, value]) => names.includes(key.toLowerCase()) && value !== undefined)?.[1];
}

/** A block inside a block; empty when there is none. */
export function block(conf: Conf, ...names: readonly string[]): Conf {
	const value = setting(conf, ...names);
	return isBlock(value) ? value : {};
}

/** One thing, or a list of them, as a list. */
export function listed(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Connections that a server makes to others as their leaf; `UNKNOWN` in place of those that are not known. */
export function remotesOf(conf: Conf): readonly (Conf | typeof UNKNOWN)[] {
	const leafnodes = setting(conf, "leafnodes", "leaf");
	if (leafnodes === UNKNOWN) {
		return [UNKNOWN];
	}
	const remotes = isBlock(leafnodes) ? listed(setting(leafnodes, "remotes")) : [];
	return remotes.filter((remote): remote is Conf | typeof UNKNOWN => remote === UNKNOWN || isBlock(remote));
}

/** Where a remote connects to, for people: without the password that may stand in it. */
export function remoteName(remote: Conf): string {
	const urls = listed(setting(remote, "url", "urls")).map((url) =>
		typeof url === "string" ? url.replace(/\/\/[^/@]*@/, "//…@") : "an address that is not known yet",
	);
	return urls.length === 0 ? "nowhere" : urls.join(" or ");
}
