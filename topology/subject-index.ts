/** One subject of a `SubjectIndex`. */
export interface Indexed<T> {
	readonly subject: string;
	/** Subjects of one group may overlap each other. */
	readonly group: string;
	readonly value: T;
}

/** Finds subjects that overlap among many, without comparing each with each. */
export interface SubjectIndex<T> {
	add(subject: string, group: string, value: T): void;
	/** One that overlaps and is of another group, `undefined` if there is none. Depends on the order of `add`. */
	conflict(subject: string, group: string): Indexed<T> | undefined;
	/** All that overlap, whatever their group. */
	overlapping(subject: string): Indexed<T>[];
}

/** The first one, and the first one of another group: enough to answer for any group whether there is one of another. */
interface Pair<T> {
	first?: Indexed<T>;
	second?: Indexed<T>;
}

interface Node<T> {
	readonly children: Map<string, Node<T>>;
	/** Children by the tokens of theirs, and by `""` where subjects end: what `*` before a literal token can lead to. */
	readonly byNext: Map<string, Node<T>[]>;
	readonly here: Indexed<T>[];
	readonly pairHere: Pair<T>;
	/** Of all nodes below this one. */
	readonly pairBelow: Pair<T>;
}

/** A tree of tokens. Looking up a subject costs little more than it has tokens, unless `*` follows `*`. */
export function subjectIndex<T>(): SubjectIndex<T> {
	const root = makeNode<T>();
	return {
		add(subject, group, value) {
			const entry = { subject, group, value };
			let parent: Node<T> | undefined;
			let node = root;
			for (const token of subject.split(".")) {
				note(node.pairBelow, entry);
				let child = node.children.get(token);
				if (child === undefined) {
					child = makeNode();
					node.children.set(token, child);
					push(parent?.byNext, token, node);
				}
				[parent, node] = [node, child];
			}
			if (node.here.length === 0) {
				push(parent?.byNext, "", node);
			}
			node.here.push(entry);
			note(node.pairHere, entry);
		},
		conflict: (subject, group) => conflict(root, subject.split("."), 0, group),
		overlapping(subject) {
			const found: Indexed<T>[] = [];
			collect(root, subject.split("."), 0, found);
			return found;
		},
	};
}

function makeNode<T>(): Node<T> {
	return { children: new Map(), byNext: new Map(), here: [], pairHere: {}, pairBelow: {} };
}

function push<T>(lists: Map<string, T[]> | undefined, key: string, value: T): void {
	const found = lists?.get(key);
	if (found === undefined) {
		lists?.set(key, [value]);
	} else {
		found.push(value);
	}
}

function note<T>(pair: Pair<T>, entry: Indexed<T>): void {
	if (pair.first === undefined) {
		pair.first = entry;
	} else if (pair.second === undefined && pair.first.group !== entry.group) {
		pair.second = entry;
	}
}

function other<T>({ first, second }: Pair<T>, group: string): Indexed<T> | undefined {
	return first?.group === group ? second : first;
}

function conflict<T>(node: Node<T>, tokens: readonly string[], at: number, group: string): Indexed<T> | undefined {
	const token = tokens[at];
	if (token === undefined) {
		return other(node.pairHere, group);
	}
	if (other(node.pairBelow, group) === undefined || token === ">") {
		return other(node.pairBelow, group);
	}
	const rest = node.children.get(">");
	const found = rest && other(rest.pairHere, group);
	if (found !== undefined) {
		return found;
	}
	for (const child of candidates(node, token, tokens[at + 1])) {
		const deeper = conflict(child, tokens, at + 1, group);
		if (deeper !== undefined) {
			return deeper;
		}
	}
	return undefined;
}

function collect<T>(node: Node<T>, tokens: readonly string[], at: number, found: Indexed<T>[]): void {
	const token = tokens[at];
	if (token === undefined) {
		found.push(...node.here);
	} else if (token === ">") {
		for (const child of node.children.values()) {
			found.push(...child.here);
			collect(child, tokens, at, found);
		}
	} else {
		found.push(...(node.children.get(">")?.here ?? []));
		for (const child of candidates(node, token, tokens[at + 1])) {
			collect(child, tokens, at + 1, found);
		}
	}
}

/** Children that match a token which is not `>`, apart from `>`, and of which some can match the next one. */
function candidates<T>(node: Node<T>, token: string, next: string | undefined): Iterable<Node<T>> {
	if (token !== "*") {
		return [node.children.get(token), node.children.get("*")].filter((child) => child !== undefined);
	}
	const rest = node.children.get(">");
	if (next === "*" || next === ">") {
		return [...node.children.values()].filter((child) => child !== rest);
	}
	const keys = next === undefined ? [""] : [next, "*", ">"];
	return new Set(keys.flatMap((key) => node.byNext.get(key) ?? []).filter((child) => child !== rest));
}
