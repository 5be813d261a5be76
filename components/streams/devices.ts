import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "./dynamic";

export interface DevicesArgs {
	/** Devices that refused what was asked, answered what no server answers, or must not be let go yet, and why. */
	readonly failed: pulumi.Input<Record<string, string>>;
}

/**
 * The last resource of all: it fails an update in which a device failed. Were it the resource of the device's own
 * streams, one device in a thief's hands would keep the hub's streams, which come after, from all others.
 */
export class Devices extends DynamicResource {
	constructor(name: string, args: DevicesArgs, opts: pulumi.CustomResourceOptions) {
		super("devices", "Devices", name, { ...args }, opts);
	}
}
