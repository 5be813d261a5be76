import { isIP } from "node:net";
import { USER } from "./files";
import { sh } from "./script/sh";

export interface FirewallOptions {
	/** @default 7422 */
	readonly leafPort?: number;
	/** @default 6222 */
	readonly routePort?: number;
	/** @default 4222 */
	readonly clientPort?: number;
	/** Private addresses of the other nodes. */
	readonly peers: readonly string[];
	/** Networks (CIDR) that may reach the client port. @default none */
	readonly readers?: readonly string[];
}

/** Where EC2 tells a machine its credentials. */
const METADATA = ["169.254.169.254", "fd00:ec2::254"] as const;

/**
 * The parameter `firewall.nft`: rules of the host, for `nft -f`, in a table of their own that is replaced at once.
 * In comes what devices, the other nodes and named readers send, and what keeps a network going. Out goes what root
 * likes, for that is how the machine reaches AWS and its packages; the server itself may only reach the other nodes,
 * and nobody but root the credentials of the machine.
 * @throws RangeError for what is no port, address or network
 */
export function renderFirewall(options: FirewallOptions): string {
	const leaf = port(options.leafPort ?? 7422);
	const route = port(options.routePort ?? 6222);
	const client = port(options.clientPort ?? 4222);
	const routes = options.peers.map((peer) => `${source(address(peer))} tcp dport ${route} accept comment "routes"`);
	const readers = (options.readers ?? []).map(
		(reader) => `${source(network(reader))} tcp dport ${client} accept comment "readers"`,
	);
	const out = options.peers.map((peer) => `${destination(peer)} tcp dport ${route} accept`);
	return sh`
# Written by leafline; changes are overwritten.
table inet leafline
delete table inet leafline
table inet leafline {
	chain input {
		type filter hook input priority filter; policy drop;
		iif lo accept
		ct state established,related accept
		ct state invalid drop
		icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
		icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept
		icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
		udp sport 67 udp dport 68 accept comment "DHCP"
		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept comment "DHCPv6"
		tcp dport ${leaf} accept comment "leaf nodes"
${lines([...routes, ...readers])}	}

	chain forward {
		type filter hook forward priority filter; policy drop;
	}

	chain output {
		type filter hook output priority filter; policy accept;
		oif lo accept
		ip daddr ${METADATA[0]} meta skuid != 0 reject
		ip6 daddr ${METADATA[1]} meta skuid != 0 reject
		meta skuid ${USER} jump server
	}

	chain server {
		ct state established,related accept
${lines(out)}		reject
	}
}
`;
}

function port(value: number): string {
	if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new RangeError(`not a port: ${value}`);
	return String(value);
}

function address(value: string): string {
	if (isIP(value) === 0) throw new RangeError(`not an address: ${value}`);
	return value;
}

function network(value: string): string {
	const [base = "", bits = "", ...rest] = value.split("/");
	const family = isIP(base);
	const most = family === 4 ? 32 : 128;
	if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
		throw new RangeError(`not a network, as in 10.0.0.0/16: ${value}`);
	}
	return value;
}

const keyword = (value: string) => (value.includes(":") ? "ip6" : "ip");
const source = (value: string) => `${keyword(value)} saddr ${value}`;
const destination = (value: string) => `${keyword(value)} daddr ${value}`;
const lines = (rules: readonly string[]) => rules.map((rule) => `\t\t${rule}\n`).join("");
