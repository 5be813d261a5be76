import { BlockList, isIP } from "node:net";

/** Loopback, private, shared (CGNAT), link-local and unique local: what nobody reaches from the Internet. */
const PRIVATE: readonly { readonly family: 4 | 6; readonly prefix: number; readonly list: BlockList }[] = [
	range("10.0.0.0", 8),
	range("172.16.0.0", 12),
	range("192.168.0.0", 16),
	range("100.64.0.0", 10),
	range("127.0.0.0", 8),
	range("169.254.0.0", 16),
	range("fc00::", 7),
	range("fe80::", 10),
	range("::1", 128),
];

/** Whether the Internet has a part in the block or address. One that cannot be read is taken for public. */
export function isPublic(cidr: string): boolean {
	const [address = "", length, ...rest] = cidr.trim().split("/");
	const family = isIP(address);
	if (rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length)) || (family !== 4 && family !== 6)) {
		return true;
	}
	const prefix = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
	// A block that begins in a private one and is no bigger lies in it.
	return !PRIVATE.some(
		(block) =>
			block.family === family &&
			prefix >= block.prefix &&
			block.list.check(address.replace(/%.*/, ""), family === 4 ? "ipv4" : "ipv6"),
	);
}

/** Whether a server that listens there is reached through every address of its machine. */
export function isWildcard(host: string): boolean {
	return host === "" || host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

/** Whether only the machine itself reaches it. */
export function isLoopback(host: string): boolean {
	return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function range(address: string, prefix: number): (typeof PRIVATE)[number] {
	const family = isIP(address) === 4 ? 4 : 6;
	const list = new BlockList();
	list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
	return { family, prefix, list };
}
