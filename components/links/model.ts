/** What the process `links` is told by its spec file, and what it tells and takes over its control socket. */

/** Spec of all links, by device. */
export interface LinksSpec {
	readonly links: Readonly<Record<string, LinkSpec>>;
}

export interface LinkSpec {
	/** Port on 127.0.0.1 that the device connects to. */
	readonly listen: number;
	/** Where the hub's leaf port is. */
	readonly target: Target;
	/** The same link's ways to the other nodes of the hub. @default none */
	readonly others?: readonly LinkEnds[];
	/** @default none: as fast as the machine */
	readonly shape?: LinkShape;
}

/** One way through a link. */
export interface LinkEnds {
	readonly listen: number;
	readonly target: Target;
}

export interface Target {
	readonly host: string;
	readonly port: number;
}

/** What the link is like while it is up. */
export interface LinkShape {
	/** Bytes a second from the device to the hub. @default unlimited */
	readonly upBytesPerSecond?: number;
	/** Bytes a second from the hub to the device. @default unlimited */
	readonly downBytesPerSecond?: number;
	/** Round trip in milliseconds, half of it each way. @default 0 */
	readonly rttMs?: number;
}

/**
 * - `up`: bytes pass.
 * - `cut`: connections are reset, and so is every new one.
 * - `half-open`: connections stay and new ones are accepted, but every byte is swallowed and no end is passed on. As
 *   with a NAT that forgot them, these connections are reset when the link is up again.
 */
export type LinkMode = "up" | "cut" | "half-open";
export const LINK_MODES: readonly LinkMode[] = ["up", "cut", "half-open"];

export interface LinkState {
	readonly mode: LinkMode;
	/** When the mode was set, milliseconds since 1970. */
	readonly since: number;
	readonly shape: LinkShape;
	/** Bytes handed to the hub, and to the device, since the process started. */
	readonly upBytes: number;
	readonly downBytes: number;
	/** Connections of the device that are open now. */
	readonly connections: number;
	/** Connections that the device made since the process started. */
	readonly accepted: number;
}

/** A change of one link; what is not named stays. A shape given here lasts until the process or the spec changes. */
export interface LinkChange {
	readonly mode?: LinkMode;
	readonly shape?: LinkShape;
}

/** Control socket and spec, in the folder of the process. */
export const CONTROL_SOCKET = "control.sock";
export const SPEC_FILE = "spec.json";
