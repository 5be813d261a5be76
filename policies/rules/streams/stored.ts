import { isSubset, overlaps, transformed } from "../../../topology/subjects";
import { type DesignStream, type Maybe, UNKNOWN } from "../../model";
import { isFullyKnown, isKnown } from "../outcomes";

/** Patterns of the subjects that messages published on `subject` are stored under, after the stream's transform. */
export function stored(subject: string, rule: { readonly src: string; readonly dest: string } | undefined): string[] {
	if (rule === undefined) {
		return [subject];
	}
	const src = rule.src === "" ? ">" : rule.src;
	if (!overlaps(subject, src)) {
		return [subject];
	}
	const changed = transformed(subject, { src, dest: rule.dest });
	return isSubset(subject, src) ? changed : [...changed, subject];
}

/** Patterns of what a stream publishes once more; empty when it does not, or when that is unknown. */
export function republished({ config }: DesignStream): string[] {
	const { republish, subjects, subject_transform: transform, sources, mirror } = config;
	if (!isFullyKnown(republish) || republish === undefined || !isFullyKnown(subjects) || !isKnown(transform)) {
		return [];
	}
	const rule = { src: republish.src === "" ? ">" : republish.src, dest: republish.dest };
	// Messages of sources keep subjects of which this stream knows nothing.
	const own = sources === undefined && mirror === undefined && subjects !== undefined ? subjects : [">"];
	return own.flatMap((subject) => stored(subject, transform)).flatMap((subject) => transformed(subject, rule));
}

/**
 * Subjects that a stream captures. Without any, and without a source or mirror, the server gives it its own name as its
 * subject.
 */
export function captured({ name, subjects, sources, mirror }: DesignStream["config"]): Maybe<readonly string[]> {
	if (!isFullyKnown(subjects)) return UNKNOWN;
	if (subjects !== undefined && subjects.length > 0) return subjects;
	const copies = !isKnown(sources) || (sources ?? []).length > 0 || !isKnown(mirror) || (mirror ?? null) !== null;
	return copies ? [] : isKnown(name) ? [name] : UNKNOWN;
}
