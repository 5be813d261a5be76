import type { DesignServer, Rule } from "../../model";
import { type Conf, isBlock, listed, remotesOf, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, violates } from "../outcomes";

export const serverUsesNoPasswords: Rule = {
	name: "server-uses-no-passwords",
	area: "identity",
	title: "Nobody reaches the hub by a password",
	severity: "mandatory",
	why:
		"A password or token is the same for everyone who knows it, crosses the link each time, and stands in the configuration of both " +
		"sides. Users of leafnodes.authorization cannot even carry permissions, so each device may do everything. Taking a static " +
		"user out and reloading leaves the leaf that came with it connected (seen on 2.9.10); revoking a JWT closes it at once.",
	remedy: "use operator mode, and credentials that are signed for each device",
	neighbours: [
		"NATS documentation, leafnodes: authorization with user and password (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/leafnode_conf)",
	],
	example: {
		fails: '{ "leafnodes": { "port": 7422, "authorization": { "user": "truck", "password": "…" } } }\n',
		complies: '{ "operator": "eyJ…", "resolver": { "type": "full" }, "leafnodes": { "port": 7422 } }\n',
		language: "json",
	},
	check: eachServer(
		() => true,
		(conf, server) => {
			const { origin } = server;
			const [first, ...others] = [...new Set([...passwords(conf, server), ...inUrls(conf)])];
			const more = others.length === 0 ? "" : ` and ${others.length} more places`;
			return [
				first === undefined
					? complies(origin)
					: violates(origin, `${origin.label} has a password in ${first}${more}: whoever knows it is let in`),
			];
		},
	),
};

const KEYS: readonly string[] = ["user", "username", "pass", "password", "token"];
/** Blocks with keys of the user's own choice, or with passwords for somebody else. */
const OTHER: readonly string[] = ["mappings", "maps", "resolver_preload", "server_metadata", "proxy", "remotes"];

/** Blocks in which a user, password or token stands. On a device, its own programs may have passwords of their own. */
function passwords(conf: Conf, { role }: DesignServer): string[] {
	return role === "hub" ? search(conf, "") : [];
}

function search(value: unknown, path: string): string[] {
	if (Array.isArray(value)) {
		return value.flatMap((part) => search(part, path));
	}
	if (!isBlock(value)) {
		return [];
	}
	return Object.entries(value).flatMap(([key, part]) => {
		const name = key.toLowerCase();
		if (OTHER.includes(name) || part === undefined) {
			return [];
		}
		const inside = typeof part === "object" && part !== null;
		return inside ? search(part, path === "" ? key : `${path}.${key}`) : KEYS.includes(name) ? [path || key] : [];
	});
}

/** URLs that carry a password to another server. */
function inUrls(conf: Conf): string[] {
	const cluster = setting(conf, "cluster");
	const routes = isBlock(cluster) ? listed(setting(cluster, "routes")) : [];
	const remotes = remotesOf(conf).flatMap((remote) => (isBlock(remote) ? listed(setting(remote, "url", "urls")) : []));
	const carries = (url: unknown): boolean => typeof url === "string" && /\/\/[^/@]+@/.test(url);
	return [
		...(routes.some(carries) ? ["the URL of a route"] : []),
		...(remotes.some(carries) ? ["the URL of a leaf remote"] : []),
	];
}
