import type { StreamSource } from "./jetstream";

/**
 * A server keeps its place in a source under the source's *identity*: name, `external.api`, name of the consumer, and
 * subjects before and after (`composeIName()` in nats-server's stream.go, 2.15.2). A source of another identity is one
 * that it has never heard of, and takes from the start what it has already. Where a source delivers to, and where it
 * was told to start, are no part of it.
 */
export function sourceIdentity(source: StreamSource): string {
	return JSON.stringify(Object.values(partsOf(source)));
}

/** One part of a source's identity that is to be another. */
export interface IdentityChange {
	/** Name of the sourced stream. */
	readonly source: string;
	readonly field: "name" | "external.api" | "consumer.name" | "filter_subject" | "subject_transforms";
	readonly from: string;
	readonly to: string;
	/** The messages come from the same stream as before, so that the new source can go on where the old one was. */
	readonly movable: boolean;
}

/** In what the identities of two sources differ; empty when a server takes the one for the other. */
export function identityChanges(old: StreamSource, next: StreamSource): IdentityChange[] {
	const [from, to] = [partsOf(old), partsOf(next)];
	const fields = Object.keys(from) as IdentityChange["field"][];
	return fields.flatMap((field) => {
		if (from[field] === to[field]) return [];
		const movable = field !== "name" && field !== "external.api";
		return [{ source: old.name, field, from: from[field], to: to[field], movable }];
	});
}

/** Of sources by name, those that are sourced before and after, and change their identity. */
export function changedIdentities(
	old: Readonly<Record<string, StreamSource>>,
	next: Readonly<Record<string, StreamSource>>,
): IdentityChange[] {
	return Object.entries(next).flatMap(([name, source]) => {
		const before = old[name];
		return before ? identityChanges(before, source) : [];
	});
}

/** @example "consumer.name from hub to nothing" */
export function describeChange({ field, from, to }: IdentityChange): string {
	return `${field} from ${from} to ${to}`;
}

function partsOf({ name, external, consumer, filter_subject, subject_transforms = [] }: StreamSource) {
	const transforms = subject_transforms.map(({ src, dest }) => `${src || ">"} → ${dest || ">"}`);
	return {
		name,
		"external.api": external?.api || NOTHING,
		"consumer.name": consumer?.name || NOTHING,
		// With transforms the server goes by their subjects alone; `>` is the same as none.
		filter_subject: transforms.length > 0 || filter_subject === ">" ? NOTHING : filter_subject || NOTHING,
		subject_transforms: transforms.join(", ") || NOTHING,
	};
}

const NOTHING = "nothing";
