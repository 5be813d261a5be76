import { deliverPrefix, downDeliverPrefix, HUB_DOMAIN } from "../../../topology/names";
import type { DesignStream } from "../../model";
import type { Inflow } from "./flow";

/** A source for which the server makes a consumer of its own, and forgets it. Mirrors have their own rules. */
export function isOrdinary({ via, source }: Inflow): boolean {
	return via === "source" && source.consumer === undefined;
}

/** A source through a durable consumer that exists on the stream it comes from. */
export function isDurable({ via, source }: Inflow): boolean {
	return via === "source" && source.consumer !== undefined;
}

/** Whether the stream is reached through another domain's API. */
export function isExternal({ source }: Inflow): boolean {
	return (source.external?.api ?? "") !== "";
}

/**
 * Prefix of what the origin may deliver to: what a device delivers to the hub, or the hub to this device. `undefined`
 * for an origin behind an import with a name of its own.
 */
export function expectedPrefix({ domain }: Inflow, { domain: own }: DesignStream): string | undefined {
	if (!/^[^.$]+$/.test(domain)) {
		return undefined;
	}
	return domain === HUB_DOMAIN && typeof own === "string" ? downDeliverPrefix(own) : deliverPrefix(domain);
}

/** What the origin delivers to. Empty where it is left to the server. */
export function deliveredTo({ source }: Inflow): string {
	return source.consumer?.deliver_subject ?? source.external?.deliver ?? "";
}
