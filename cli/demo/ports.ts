import * as fs from "node:fs";
import { isIPv4 } from "node:net";

/** Which addresses a hub on this machine really listens on, as the kernel tells. Linux only. */

export interface Listener {
	readonly address: string;
	readonly port: number;
}

interface Socket extends Listener {
	readonly inode: string;
}

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = "0A";

/** Listening sockets of a table as in /proc/net/tcp and /proc/net/tcp6. */
export function parseListeners(table: string): Socket[] {
	return table
		.split("\n")
		.slice(1)
		.flatMap((line) => {
			const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
			const [address, port] = local?.split(":") ?? [];
			if (state !== LISTEN || address === undefined || port === undefined || inode === undefined) return [];
			return [{ address: readAddress(address), port: Number.parseInt(port, 16), inode }];
		});
}

/** Words of four bytes in the order of the machine, little-endian on all that run this. */
function readAddress(hex: string): string {
	const bytes = Buffer.from(hex, "hex");
	for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse();
	if (bytes.length === 4) return bytes.join(".");
	if (bytes.subarray(0, 12).equals(MAPPED_IPV4)) return bytes.subarray(12).join(".");
	return bytes.toString("hex").replace(/(.{4})(?=.)/g, "$1:");
}

const MAPPED_IPV4 = Buffer.from("00000000000000000000ffff", "hex");
const LOOPBACK_IPV6 = "0000:0000:0000:0000:0000:0000:0000:0001";

export function isLoopback(address: string): boolean {
	return isIPv4(address) ? address.startsWith("127.") : address === LOOPBACK_IPV6;
}

/**
 * Everything that the processes with listeners on `leafPorts` listen on, and whatever listens on `alsoPorts`. Undefined
 * where the kernel does not tell of one of them (not Linux, another user's process, or a node that is down).
 */
export function listenersOf(leafPorts: readonly number[], alsoPorts: readonly number[]): Listener[] | undefined {
	const sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => parseListeners(read(file)));
	const owners = leafPorts.map((leafPort) => {
		const leaf = sockets.find(({ port }) => port === leafPort);
		return leaf && socketsOfOwner(leaf.inode);
	});
	if (owners.length === 0 || owners.some((inodes) => inodes === undefined)) return undefined;
	return sockets
		.filter(({ inode, port }) => owners.some((inodes) => inodes?.has(inode)) || alsoPorts.includes(port))
		.map(({ address, port }) => ({ address, port }));
}

function socketsOfOwner(inode: string): Set<string> | undefined {
	for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
		const links = list(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
		const inodes = links.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
		if (inodes.includes(inode)) return new Set(inodes);
	}
	return undefined;
}

/** Processes and descriptors come and go while they are read: what is gone is empty. */
function quietly<T>(get: () => T, otherwise: T): T {
	try {
		return get();
	} catch {
		return otherwise;
	}
}

const read = (file: string) => quietly(() => fs.readFileSync(file, "utf8"), "");
const list = (dir: string) => quietly(() => fs.readdirSync(dir), []);
const link = (file: string) => quietly(() => fs.readlinkSync(file), "");

/** What to say about them; `open` names each that others can reach besides the leaf ports. */
export function portsVerdict(
	leafPorts: readonly number[],
	listeners: readonly Listener[],
): { readonly line: string; readonly open: readonly Listener[] } {
	const open = listeners.filter(({ address, port }) => !leafPorts.includes(port) && !isLoopback(address));
	const leaf = leafPorts.length > 1 ? `leaf ports ${leafPorts.join(", ")}` : `leaf port ${leafPorts[0]}`;
	if (open.length === 0) return { line: `${leaf}; all others on loopback`, open };
	const names = open.map(({ address, port }) => `${port} on ${address}`).join(", ");
	return { line: `${leaf}; open to others as well: ${names}`, open };
}
