import { overlaps } from "./subjects";

/** Subjects by name of the stream that captures them. */
export type Captured = Readonly<Record<string, readonly string[]>>;

/** One update of one stream: what it captures from then on. */
export interface SubjectStep {
	readonly stream: string;
	readonly subjects: readonly string[];
}

/** A subject that cannot be had, and whose it is. */
export interface Overlap {
	readonly stream: string;
	readonly subject: string;
	readonly by: { readonly stream: string; readonly subject: string };
}

/**
 * In which order the streams of one domain come to capture other subjects. A server refuses every update whose subjects
 * overlap those of another stream at that moment (10065), and an update changes one stream: so a subject that moves is
 * let go by the one in the step before the other takes it, and where streams exchange subjects in a circle one of them
 * lets go first and takes last.
 *
 * @param live all streams of the domain
 * @param wanted those that may be changed; all of them exist
 * @returns steps of which the server takes each, or why there are none
 */
export function orderSubjects(live: Captured, wanted: Captured): readonly SubjectStep[] | Overlap {
	const impossible = firstOverlap({ ...live, ...wanted }, Object.keys(wanted));
	if (impossible) return impossible;
	const now: Record<string, readonly string[]> = { ...live };
	const todo = new Set(Object.keys(wanted).filter((name) => !sameSubjects(now[name], wanted[name])));
	const steps: SubjectStep[] = [];
	let released: readonly string[] = [];
	while (todo.size > 0) {
		const step = nextStep(now, wanted, todo, released);
		released = (now[step.stream] ?? []).filter((subject) => !step.subjects.includes(subject));
		now[step.stream] = step.subjects;
		if (sameSubjects(step.subjects, wanted[step.stream])) todo.delete(step.stream);
		steps.push(step);
	}
	return steps;
}

/** One of the streams that can have what they want; what was let go a step ago comes first. Else a circle is broken. */
function nextStep(
	now: Captured,
	wanted: Captured,
	todo: ReadonlySet<string>,
	released: readonly string[],
): SubjectStep {
	const names = [...todo].sort();
	const ready = names.filter((name) => !names.some((other) => other !== name && clash(wanted[name], now[other])));
	const takes = (name: string) => clash(wanted[name], released);
	// Who lets nothing go that others wait for goes before those who do: nothing then stands between the two of a move.
	const idle = (name: string) => !names.some((other) => other !== name && clash(wanted[other], now[name]));
	const stream = ready.find(takes) ?? ready.find(idle) ?? ready[0];
	if (stream !== undefined) return { stream, subjects: wanted[stream] ?? [] };
	const awaited = (name: string, subject: string) =>
		names.some((other) => other !== name && clash(wanted[other], [subject]));
	const holder = names.find((name) => (now[name] ?? []).some((subject) => awaited(name, subject))) ?? "";
	return { stream: holder, subjects: (now[holder] ?? []).filter((subject) => !awaited(holder, subject)) };
}

/** The first of these streams' subjects that another stream has as well. */
function firstOverlap(all: Captured, names: readonly string[]): Overlap | undefined {
	for (const stream of names) {
		for (const [other, theirs] of Object.entries(all)) {
			if (other === stream) continue;
			for (const subject of all[stream] ?? []) {
				const taken = theirs.find((each) => overlaps(each, subject));
				if (taken !== undefined) return { stream, subject, by: { stream: other, subject: taken } };
			}
		}
	}
	return undefined;
}

function clash(a: readonly string[] = [], b: readonly string[] = []): boolean {
	return a.some((one) => b.some((other) => overlaps(one, other)));
}

function sameSubjects(a: readonly string[] = [], b: readonly string[] = []): boolean {
	return a.length === b.length && a.every((subject) => b.includes(subject));
}
