import { isBegin } from "../topology/begin";
import type { Sourced } from "./position";

/**
 * Where a stream was with a source that was taken away in order to be put back in another form. It stands in the
 * stream's own metadata, written by the very update that takes the source away: whoever is interrupted between the two
 * updates finds it there.
 */
export interface Note {
	/** Last sequence of the source that the stream had for certain. */
	readonly seq: number;
	/** Last sequence of the stream itself at that time: what came of the source later stands behind it. */
	readonly behind: number;
	/** When the sourced stream was created; one of another time starts at its first message. */
	readonly created: string;
}

const PREFIX = "leafline.position.";

/** Metadata that holds notes. */
export function writeNotes(notes: ReadonlyMap<string, Note>): Record<string, string> {
	return Object.fromEntries(
		[...notes].map(([name, { seq, behind, created }]) => [`${PREFIX}${name}`, `${seq} ${behind} ${created}`]),
	);
}

/** Notes by name of the source. */
export function readNotes(metadata: unknown): Map<string, Note> {
	const notes = new Map<string, Note>();
	for (const [key, text] of Object.entries((metadata ?? {}) as Record<string, string>)) {
		const [, seq, behind, created = ""] = /^(\d+) (\d+) (.*)$/.exec(text) ?? [];
		if (key.startsWith(PREFIX) && seq !== undefined) {
			notes.set(key.slice(PREFIX.length), { seq: Number(seq), behind: Number(behind), created });
		}
	}
	return notes;
}

/** Metadata without notes, and without where single sources begin: what was asked for. */
export function withoutNotes(metadata: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith(PREFIX) && !isBegin(key)));
}

/** What a note says of a stream that may be another one by now. */
export function noted(note: Note, { created }: Pick<Sourced, "created">): Pick<Note, "seq" | "behind"> {
	return note.created === (created ?? "") ? note : { seq: 0, behind: note.behind };
}
