/** What one look leaves for the next: times are milliseconds since 1970. */
export interface Remembered {
	/** The hub's position, and since when it is there although something waits and the link is up. */
	readonly seq: number;
	readonly since: number;
	/** Whether something waited at that look, and the link was up. @default false */
	readonly waits?: boolean;
	/** A device's store that was seen to have gone back in time. */
	readonly setBack?: { readonly from: number; readonly to: number; readonly at: number };
	/** Messages that were seen to have gone before the hub had them: how many, and when that was seen. */
	readonly vanished?: { readonly messages: number; readonly at: number };
	/** When its device had started after the last end that was not clean and that somebody has seen (`status --seen`). */
	readonly cutSeen?: number;
	/** When the device's stream was made. */
	readonly created?: number;
	/** It is another one than the hub has messages of, and has not got past them yet. */
	readonly anew?: true;
}

/** Key in `memory` of the newest entry of the journal that somebody has seen, and when that was. No device's key: it has no slash. */
export const JOURNAL_KEY = "journal";

/** Key in `memory`. */
export const memoryKey = (device: string, name: string): string => `${device}/${name}`;
