import { isIP } from "node:net";
import { type Maybe, UNKNOWN } from "../../model";
import { isKnown } from "../outcomes";
import { block, type Conf, isBlock, setting } from "./conf";

/** A port that a server opens for something else than leaf nodes. */
export interface Listener {
	readonly what: "clients" | "monitoring" | "profiling" | "routes" | "gateways" | "WebSocket clients" | "MQTT clients";
	/** Address that it listens on, empty for all. */
	readonly host: Maybe<string>;
	readonly port: Maybe<number>;
	/** Nobody connects without TLS. */
	readonly tls: Maybe<boolean>;
	/** Whoever connects must show a certificate. */
	readonly mutualTls: boolean;
}

type Address = Pick<Listener, "host" | "port">;

/** The server's own, where the configuration has none. */
const CLIENT_PORT = 4222;

/** Every listener of a configuration but that of leaf nodes, with the addresses that the server takes where it says none. */
export function listenersOf(conf: Conf): Listener[] {
	const found: Listener[] = [];
	const add = (what: Listener["what"], addresses: readonly Address[], own: Conf): void => {
		for (const address of addresses.filter(({ port }) => port !== 0)) {
			found.push({ what, ...address, tls: tlsOf(own), mutualTls: setting(block(own, "tls"), "verify") === true });
		}
	};
	const said = addressesOf(conf);
	const ported = said.map((one): Address => ({ ...one, port: one.port === 0 ? CLIENT_PORT : one.port }));
	const clients = ported.length > 0 ? ported : [{ host: "", port: CLIENT_PORT }];
	add("clients", clients, conf);
	for (const key of ["http", "https"]) {
		const own = parseListen(setting(conf, key)) ?? parsePort(setting(conf, `${key}_port`));
		add("monitoring", own === undefined ? [] : beside(own, clients), {});
	}
	const profiling = parsePort(setting(conf, "prof_port"));
	add("profiling", profiling === undefined ? [] : beside(profiling, clients), {});
	for (const [what, key] of BLOCKS) {
		const value = setting(conf, key);
		const unknown = value === UNKNOWN ? [{ host: UNKNOWN, port: UNKNOWN } as const] : [];
		add(what, isBlock(value) ? addressesOf(value) : unknown, isBlock(value) ? value : { tls: value });
	}
	return found;
}

/** Where no host is said, it is that of the clients. */
function beside(address: Address, clients: readonly Address[]): Address[] {
	return address.host === "" ? clients.map(({ host }) => ({ host, port: address.port })) : [address];
}

/** Of a block, or of the configuration as a whole for ordinary clients. */
function tlsOf(conf: Conf): Maybe<boolean> {
	const tls = setting(conf, "tls");
	if (tls === UNKNOWN) return UNKNOWN;
	return isBlock(tls) && setting(conf, "allow_non_tls") !== true && setting(conf, "no_tls") !== true;
}

const BLOCKS: readonly (readonly [Listener["what"], string])[] = [
	["routes", "cluster"],
	["gateways", "gateway"],
	["WebSocket clients", "websocket"],
	["MQTT clients", "mqtt"],
];

/** Where a block listens; nothing when it does not say. With `listen` and `host` the server takes the one or the other. */
function addressesOf(conf: Conf): Address[] {
	const listen = parseListen(setting(conf, "listen"));
	const port = parsePort(setting(conf, "port"));
	const host = setting(conf, "host");
	if (listen === undefined && port === undefined && host === undefined) return [];
	const number = listen?.port ?? port?.port ?? 0;
	const stated: Maybe<string> = host === UNKNOWN ? UNKNOWN : String(host ?? "");
	const own: readonly Maybe<string>[] = listen === undefined ? [stated] : [listen.host];
	const hosts: readonly Maybe<string>[] = host === undefined || own.includes(stated) ? own : [...own, stated];
	return hosts.map((one): Address => ({ host: one, port: number }));
}

function parsePort(value: unknown): Address | undefined {
	if (value === undefined) {
		return undefined;
	}
	const port = Number(isKnown(value) ? value : Number.NaN);
	return { host: "", port: Number.isNaN(port) ? UNKNOWN : port };
}

/** `4222`, `:4222`, `host:4222`, `[::1]:4222`. */
function parseListen(value: unknown): Address | undefined {
	if (typeof value !== "string") {
		return value === UNKNOWN ? { host: UNKNOWN, port: UNKNOWN } : parsePort(value);
	}
	const [, host = "", port = ""] = /^(?:(.*):)?(-?\d+)$/.exec(value.trim()) ?? [];
	const bare = host.replace(/^\[(.*)\]$/, "$1");
	return port === "" && isIP(value) === 0
		? { host: UNKNOWN, port: UNKNOWN }
		: { host: port === "" ? value : bare, port: port === "" ? UNKNOWN : Number(port) };
}
