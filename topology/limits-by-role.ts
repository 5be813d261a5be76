import type { Topology } from "./model";

/**
 * What whoever binds to an account may take of the hub, however many of them there are and whatever they do. All of it
 * stands in the accounts and not in the users' credentials, so that it holds for credentials that were handed out long
 * ago, and a change of it is one push.
 *
 * An account has no limit of connections by user. So the links of all devices are bounded together, with room for the
 * links that are there twice; those of one device are bounded by leafline's server (`links_of_a_user.go`), and by no
 * official one.
 */

/** Limits of an account as its JWT states them; -1 for none. */
export interface AccountLimits {
	/** Subscriptions of one connection. The server refuses more and keeps the connection. */
	readonly subs: number;
	/** Leaf connections, over all nodes. */
	readonly leaf: number;
}

export const NO_LIMITS: AccountLimits = { subs: -1, leaf: -1 };

/**
 * Subscriptions of one device's link, as a device of 3 uplinks and 2 downlinks was seen to have them (2.15.2): the API of
 * its domain and the detection of loops, flow control by uplink, delivery and its reset by downlink.
 */
const OF_EVERY_DEVICE = 12;
const OF_AN_UPLINK = 1;
const OF_A_DOWNLINK = 2;

/** Programs on a device that consume its streams with flow control are heard at the hub as well, one subscription each. */
const SUBSCRIPTION_ROOM = 4;
const LEAST_SUBSCRIPTIONS = 256;

/**
 * Links of one device that may be there at once: while a node of a cluster is dead and the others count its links for
 * up to 150 s (`orphMax` in the server's `events.go`), or the hub has not noticed yet that a link is half-open.
 */
const LINKS_OF_A_DEVICE = 2;
const LEAST_LINKS = 32;

/** One inbox, and what a server takes up by itself. */
const RELEASE_SUBSCRIPTIONS = 16;

/** Of the account DEVICES. */
export function deviceLimits({ fleet, devices }: Pick<Topology, "fleet" | "devices">): AccountLimits {
	const uplinks = Object.keys(fleet.classes).length;
	const downlinks = Object.keys(fleet.downlink).length;
	const subscriptions = OF_EVERY_DEVICE + OF_AN_UPLINK * uplinks + OF_A_DOWNLINK * downlinks;
	return {
		subs: Math.max(LEAST_SUBSCRIPTIONS, roundUp(SUBSCRIPTION_ROOM * subscriptions)),
		leaf: mostLinks(Object.keys(devices).length),
	};
}

/** Of the account RELEASES, whose links hear nothing but their own inbox. @param devices limits of DEVICES */
export function releaseLimits({ leaf }: AccountLimits): AccountLimits {
	return { subs: leaf === NO_LIMITS.leaf ? NO_LIMITS.subs : RELEASE_SUBSCRIPTIONS, leaf };
}

/** Leaf connections of so many devices. In steps, so that a device more is hardly ever a push. */
export function mostLinks(devices: number): number {
	return Math.max(LEAST_LINKS, roundUp(LINKS_OF_A_DEVICE * devices));
}

/** To the next of 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, …: at most a quarter more. */
function roundUp(value: number): number {
	const step = 2 ** Math.max(0, Math.floor(Math.log2(value)) - 2);
	return Math.ceil(value / step) * step;
}
