import type { StreamSource } from "./jetstream";
import { changedIdentities, describeChange, type IdentityChange } from "./source-identity";

/** Sources of one stream, by name. */
export type Sources = Readonly<Record<string, StreamSource>>;

const SHOWN = 5;

export const REFUSED_REMEDY =
	"Take the device out of the fleet file (`retired: drain`, later its line) and bring it back with the new address, or " +
	"set leafline:allowDataLoss to true to have it sourced anew.";

/** Why sources of a stream must not become what is wanted; undefined when they may. */
export function refusedSources(stream: string, old: Sources, next: Sources): string | undefined {
	const changes = changedIdentities(old, next).filter(({ movable }) => !movable);
	if (changes.length === 0) return undefined;
	const shown = changes.slice(0, SHOWN).map((change) => `source ${change.source}, ${describeChange(change)}`);
	const more = changes.length > SHOWN ? ` and ${changes.length - SHOWN} more` : "";
	return (
		`${stream}: ${shown.join(", ")}${more}: a stream on another address may be another stream, so the hub cannot go on ` +
		"where it is, and would take everything again."
	);
}

/** What is said beforehand of sources that an update moves; undefined when it moves none. */
export function movedSources(stream: string, old: Sources, next: Sources): string | undefined {
	const changes = changedIdentities(old, next).filter(({ movable }) => movable);
	const [first] = changes;
	if (!first) return undefined;
	return (
		`${stream}: source ${first.source}${andMore(changes)} changes what the server knows it by (${describeChange(first)}): ` +
		"the update moves it to where the hub is, so that nothing is lost or taken twice. A device that is offline stays as " +
		"it is until the next one"
	);
}

function andMore(changes: readonly IdentityChange[]): string {
	const names = new Set(changes.map(({ source }) => source));
	return names.size > 1 ? ` and ${names.size - 1} more` : "";
}
