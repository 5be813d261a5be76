import type { LeaflineOutput } from "../../../contract/outputs";
import { HUB_CONSUMER } from "../../../topology/names";
import type { LinkState } from "../link-state";
import type { Remembered } from "../remembered";
import type { EdgeFacts, SourceFacts } from "../seen";

/** Every kind of note; `docs/status.md` has a row for each. */
export const CODES = [
	"pending",
	"never-connected",
	"not-connected",
	"port-shut",
	"no-answer",
	"unreadable-answer",
	"jetstream-down",
	"write-error",
	"stream-missing",
	"made-anew",
	"set-back",
	"was-set-back",
	"more-on-hub",
	"power-cut",
	"vanished",
	"hub-behind",
	"consumer-missing",
	"consumer-changed",
	"consumer-paused",
	"stands-still",
	"source-missing",
	"source-error",
	"no-room",
	"programs",
	"hub-stream-missing",
	"hub-stream-foreign",
	"hub-stream-full",
	"hub-unhealthy",
	"hub-node-down",
	"hub-server-official",
	"hub-stream-emptied",
	"journal-missing",
	"journal-unread",
	"purged",
	"deleted-by-hand",
	"changed-by-hand",
	"refused-logins",
	"evicted",
	"wrong-name",
	"closed-by-hub",
	"reader-stuck",
] as const;

/** Something that somebody should know: what is, why, and what to do. */
export interface Note {
	readonly code: (typeof CODES)[number];
	/** Of a device's notes: which class. */
	readonly class?: string;
	readonly text: string;
	/** It does not mend itself: exit code 2. */
	readonly needsHand: boolean;
}

/** What is known of one class of one device. */
export interface Look {
	readonly outputs: LeaflineOutput;
	readonly device: string;
	readonly class: string;
	/** Stream on the hub. */
	readonly hubStream: string;
	/** Absent if the hub does not source it. */
	readonly source: SourceFacts | undefined;
	/** Messages of the device in the hub's stream. */
	readonly stored: number;
	/** Absent if the device did not answer. */
	readonly edge: EdgeFacts | undefined;
	readonly link: LinkState;
	/** The hub's server looks itself where its streams are, and has sent again what they lack. @default false */
	readonly hubLooks?: boolean;
	/** What was remembered of earlier looks. */
	readonly memory: Remembered | undefined;
	/** Milliseconds since 1970. */
	readonly at: number;
}

/** An update alone believes its state. */
export const RESTORE = "npm run pulumi -- refresh --yes, then npm run up";

/** What sets a source going again; before the device's name. */
export const HEAL = "npx leafline heal";
/** Of a consumer that nobody listens to: what that is, and what states the permissions anew. */
export const UNHEARD = `nobody listens where consumer ${HUB_CONSUMER} delivers to: do permissions keep it from the hub?`;
export const PERMIT = `${RESTORE}, pushes those of the devices`;
/** And takes away what the hub cannot take. */
export const DROP = "--drop-poison";
