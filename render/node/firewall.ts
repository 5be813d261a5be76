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

/** The parameter `firewall.nft`: rules of the host, for `nft -f`. @throws RangeError for what is no address or port */
export function renderFirewall(_options: FirewallOptions): string {
	throw new Error("to come");
}
