/**
 * What happens in a run of the model, as data: it can be written down, replayed and shortened. A step that does not
 * apply when its turn comes (a device that is not in the fleet, an image that was never taken) does nothing, so that
 * any part of a list of steps is a list of steps.
 */
export type Step =
	/** Time in which the programs go on publishing. */
	| { readonly do: "wait"; readonly ms: number }
	/** Messages as fast as they are taken. */
	| { readonly do: "burst"; readonly device: string; readonly class: string; readonly messages: number }
	/** A message with a header of so many bytes: a hub that cannot take it must not be sent it. */
	| { readonly do: "poison"; readonly device: string; readonly class: string; readonly bytes: number }
	| { readonly do: "link"; readonly device: string; readonly mode: "up" | "cut" | "half-open" }
	/** `kill -9` of a device's server, and a start as the unit does it. */
	| { readonly do: "kill"; readonly device: string; readonly ms: number }
	/** As a machine that is shut down in good order. */
	| { readonly do: "restart"; readonly device: string }
	/** `kill -9`, and the disk is as it was `sync` before. */
	| { readonly do: "power-cut"; readonly device: string }
	/** A copy of the device's disk, for `restore`; `clean` one of a device that was shut down. */
	| { readonly do: "image"; readonly device: string; readonly clean: boolean }
	| { readonly do: "restore"; readonly device: string }
	/** Another, empty disk. */
	| { readonly do: "wipe"; readonly device: string }
	/** One bit of a message block, at so many thousandths of it. */
	| { readonly do: "flip"; readonly device: string; readonly class: string; readonly at: number }
	/** A start with a clock that is off by so many seconds, until the next start. */
	| { readonly do: "clock"; readonly device: string; readonly seconds: number }
	/** The device's disk is full for so long; then there is room, and its server is restarted. Needs root. */
	| { readonly do: "full-disk"; readonly device: string; readonly ms: number }
	/** The stream on the device is deleted, and made anew by the next `up`. */
	| { readonly do: "delete-stream"; readonly device: string; readonly class: string }
	/** By hand; the next refresh and `up` make it anew. */
	| { readonly do: "delete-consumer"; readonly device: string; readonly class: string }
	/** By hand: to a sequence that many messages before where it stands. */
	| { readonly do: "reset-consumer"; readonly device: string; readonly class: string; readonly back: number }
	/** The file in which a consumer keeps its place is that of an image. */
	| { readonly do: "old-consumer-state"; readonly device: string; readonly class: string }
	| { readonly do: "kill-hub"; readonly node: number; readonly ms: number }
	/** A node's disk is full for so long; then there is room, and its server is restarted. Needs root. */
	| { readonly do: "hub-full-disk"; readonly node: number; readonly ms: number }
	/** All nodes at once, their disks as they were `sync` before. */
	| { readonly do: "hub-power-cut" }
	| { readonly do: "hub-image" }
	/** All nodes from the image that was taken last. */
	| { readonly do: "hub-restore" }
	/** A node comes back with an empty disk; of three nodes only. */
	| { readonly do: "replace-node"; readonly node: number }
	/** Another leader for a class's stream at the hub; of three nodes only. */
	| { readonly do: "step-down"; readonly class: string }
	/** What was read is deleted at the hub, as it is when it ages out. */
	| { readonly do: "purge-hub"; readonly class: string }
	/** With all links down the hub's stream is deleted, for the next `up` to make anew. */
	| { readonly do: "delete-hub-stream"; readonly class: string }
	| { readonly do: "add-device"; readonly device: string }
	| { readonly do: "retire"; readonly device: string; readonly how: "drain" | "lost" }
	/** Out of the fleet file; the device goes on by itself. */
	| { readonly do: "remove-device"; readonly device: string }
	| { readonly do: "add-class"; readonly class: string }
	| { readonly do: "accepts"; readonly class: string; readonly accepts: string }
	| { readonly do: "sourcing"; readonly sourcing: "durable" | "ephemeral" }
	| { readonly do: "up" }
	| { readonly do: "refresh" };

export type Kind = Step["do"];

/** Everything that a run follows from. */
export interface Scenario {
	readonly seed: number;
	readonly nodes: 1 | 3;
	readonly sourcing: "durable" | "ephemeral";
	readonly devices: readonly string[];
	readonly classes: readonly string[];
	/** Devices get commands; then sourcing cannot change. */
	readonly downlink: boolean;
	readonly steps: readonly Step[];
}
