import { type Outcome, type Rule, UNKNOWN } from "../../model";
import { block, type Conf, isBlock, listed, remotesOf, setting, settingName } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, unknown, violates } from "../outcomes";

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
		(conf, server): Outcome[] => {
			const { origin, role } = server;
			const found = role === "hub" ? search(conf, "") : { places: [], open: false };
			const [first, ...others] = [...new Set([...found.places, ...inUrls(conf)])];
			const more = others.length === 0 ? "" : ` and ${others.length} more places`;
			if (first !== undefined) {
				return [violates(origin, `${origin.label} has a password in ${first}${more}: whoever knows it is let in`)];
			}
			return [found.open ? unknown(origin, `whether ${origin.label} has passwords`) : complies(origin)];
		},
	),
};

const KEYS: readonly string[] = ["user", "password", "token"];
/** Blocks with keys of the user's own choice, or with passwords for somebody else. */
const OTHER: readonly string[] = ["mappings", "resolver_preload", "server_metadata", "proxy", "remotes"];
/** Blocks that passwords stand in, however deep. */
const HOLDERS: readonly string[] = [
	...["accounts", "authorization", "users"],
	...["cluster", "gateway", "gateways", "leafnodes", "websocket", "mqtt"],
];

interface Found {
	/** Blocks in which a user, password or token stands. */
	readonly places: readonly string[];
	/** A block in which one could stand is not known. */
	readonly open: boolean;
}

/** On a device, its own programs may have passwords of their own: only hubs are searched. */
function search(value: unknown, path: string): Found {
	const parts = Array.isArray(value)
		? value.map((part) => (part === UNKNOWN ? { places: [], open: true } : search(part, path)))
		: Object.entries(isBlock(value) ? value : {}).map(([key, part]) => entry(key, part, path));
	return { places: parts.flatMap(({ places }) => places), open: parts.some(({ open }) => open) };
}

function entry(key: string, part: unknown, path: string): Found {
	const name = settingName(key);
	if (OTHER.includes(name) || part === undefined) return { places: [], open: false };
	const inner = path === "" ? key : `${path}.${key}`;
	if (typeof part === "object" && part !== null) return search(part, inner);
	const open = part === UNKNOWN && (HOLDERS.includes(name) || settingName(path) === "accounts");
	return { places: KEYS.includes(name) ? [path || key] : [], open };
}

/** URLs that carry a password, or a token, to another server. */
function inUrls(conf: Conf): string[] {
	const routes = listed(setting(block(conf, "cluster"), "routes"));
	const gateways = listed(setting(block(conf, "gateway"), "gateways")).filter(isBlock);
	const remotes = remotesOf(conf).filter(isBlock);
	const carries = (url: unknown): boolean => typeof url === "string" && /\/\/[^/@]+@/.test(url);
	const places: Readonly<Record<string, readonly unknown[]>> = {
		"the URL of a route": routes,
		"the URL of a gateway": gateways.flatMap((gateway) => listed(setting(gateway, "urls"))),
		"the URL of a leaf remote": remotes.flatMap((remote) => listed(setting(remote, "urls"))),
	};
	return Object.entries(places).flatMap(([place, urls]) => (urls.some(carries) ? [place] : []));
}
