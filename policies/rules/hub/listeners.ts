import { isIP } from "node:net";
import { type Maybe, UNKNOWN } from "../../model";
import { isKnown } from "../outcomes";
import { block, type Conf, isBlock, setting } from "./conf";

/** A port that a server opens for something else than leaf nodes. */
export interface Listener {
	readonly what: "clients" | "monitoring" | "routes" | "gateways" | "WebSocket clients" | "MQTT clients";
	/** Address that it listens on, empty for all. */
	readonly host: Maybe<string>;
	readonly port: Maybe<number>;
	/** Nobody connects without TLS. */
	readonly tls: Maybe<boolean>;
	/** Whoever connects must show a certificate. */
	readonly mutualTls: boolean;
}

type Address = Pick<Listener, "host" | "port">;

/** Every listener of a configuration but that of leaf nodes, with the addresses that the server takes where it says none. */
export function listenersOf(conf: Conf): Listener[] {
	const found: Listener[] = [];
	const add = (what: Listener["what"], address: Address | undefined, own: Conf): void => {
		if (address !== undefined && address.port !== 0) {
			found.push({ what, ...address, tls: tlsOf(own), mutualTls: setting(block(own, "tls"), "verify") === true });
		}
	};
	const client = addressOf(conf);
	add("clients", { host: client?.host ?? "", port: client?.port === 0 ? 4222 : (client?.port ?? 4222) }, conf);
	for (const key of ["http", "https"]) {
		const own = parseListen(setting(conf, key)) ?? parsePort(setting(conf, `${key}_port`));
		const monitor = own ?? (key === "http" ? parsePort(setting(conf, "monitor_port")) : undefined);
		add("monitoring", monitor && { ...monitor, host: monitor.host === "" ? (client?.host ?? "") : monitor.host }, {});
	}
	for (const [what, ...keys] of BLOCKS) {
		const value = setting(conf, ...keys);
		const address: Address | undefined =
			value === UNKNOWN ? { host: UNKNOWN, port: UNKNOWN } : isBlock(value) ? addressOf(value) : undefined;
		add(what, address, isBlock(value) ? value : { tls: value });
	}
	return found;
}

/** Of a block, or of the configuration as a whole for ordinary clients. */
function tlsOf(conf: Conf): Maybe<boolean> {
	const tls = setting(conf, "tls");
	if (tls === UNKNOWN) return UNKNOWN;
	return isBlock(tls) && setting(conf, "allow_non_tls") !== true && setting(conf, "no_tls") !== true;
}

const BLOCKS: readonly (readonly [Listener["what"], ...string[]])[] = [
	["routes", "cluster"],
	["gateways", "gateway"],
	["WebSocket clients", "websocket", "ws"],
	["MQTT clients", "mqtt"],
];

/** Where a block listens; `undefined` when it does not say. */
function addressOf(conf: Conf): Address | undefined {
	const listen = parseListen(setting(conf, "listen"));
	const port = parsePort(setting(conf, "port"));
	const host = setting(conf, "host", "net");
	if (listen === undefined && port === undefined && host === undefined) {
		return undefined;
	}
	const own =
		listen !== undefined && listen.host !== "" ? listen.host : host === UNKNOWN ? UNKNOWN : String(host ?? "");
	return { host: own, port: listen?.port ?? port?.port ?? 0 };
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
