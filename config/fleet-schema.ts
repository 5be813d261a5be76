import { z } from "zod";
import { absent, count, named, say, section, text } from "./fields";
import { Group, Link, Override } from "./group-schema";
import { Hardware } from "./hardware-schema";
import { MOST_ROTATIONS } from "./limits";
import { CLASS, CONSUMER, DEVICE, FLEET, GROUP, HARDWARE } from "./names";
import { Authority, SigningKey } from "./rotation-schema";
import { Consumer, Downlink, Uplink } from "./traffic-schema";
import { show } from "./words";

/**
 * The fleet file's shape, field by field, with its defaults: what one field alone can get wrong. What fields have to do
 * with each other is in `fleet-checks.ts`. `docs/schema/fleet.json` is made from this.
 */

export const API_VERSION = "leafline/v1";

export const FleetFile = section(
	{
		apiVersion: z
			.literal(API_VERSION, {
				error: ({ input }) =>
					absent(input, API_VERSION) ?? say(`${show(input)} is not known here`, `write ${API_VERSION}`),
			})
			.meta({ description: "Version of this file's format." }),
		fleet: text(FLEET.form, "a name", "mine-north", "Name of the fleet."),
		rotation: count(
			0,
			MOST_ROTATIONS,
			"How often all devices were given new keys. Raise it by one: each device's old credentials stay valid until it has connected with the new ones.",
		).exactOptional(),
		signingKey: SigningKey.exactOptional(),
		authority: Authority.exactOptional(),
		hardware: named(Hardware, HARDWARE, "Kinds of devices.").prefault({}),
		link: Link.prefault({}),
		classes: named(Uplink, CLASS, "Kinds of traffic from the devices to the hub."),
		downlink: named(Downlink, CLASS, "Kinds of traffic from the hub to the devices.").prefault({}),
		consumers: named(Consumer, CONSUMER, "Readers of the hub's streams.").prefault({}),
		groups: named(Group, GROUP, "The devices, in groups that are alike."),
		devices: named(Override, DEVICE, "What is different about single devices.").prefault({}),
	},
	"A fleet: its devices, their links and their traffic.",
	{ mqtt: "mqtt is a matter of a group: write groups: { <group>: { mqtt: { port: 1883 } } }" },
);

/** What the file says, in base units and with the defaults filled in. */
export type FleetInput = z.output<typeof FleetFile>;
