/** What a variable stands for that no line of the file defines: the server takes it from its environment. */
export const FROM_ENVIRONMENT = Symbol("from the server's environment");

export type ReadValue = string | number | boolean | typeof FROM_ENVIRONMENT | readonly ReadValue[] | ReadMap;

export interface ReadMap {
	readonly [key: string]: ReadValue;
}

/**
 * The tree as it is built. Keys wait on a stack of their own for their values, as they do in the server: what a key
 * without a value leaves there is the key of the next block that ends.
 */
export class TreeBuilder {
	private readonly open: (Map<string, ReadValue> | ReadValue[])[] = [new Map()];
	private readonly keys: string[] = [];
	/** The last thing that was read is a key. */
	private keyLast = false;

	/** Blocks and lists that are open. */
	get depth(): number {
		return this.open.length - 1;
	}

	/** The key that was read last, if nothing came after it. */
	get danglingKey(): string | undefined {
		return this.keyLast ? this.keys.at(-1) : undefined;
	}

	key(name: string): void {
		this.keys.push(name);
		this.keyLast = true;
	}

	openMap(): void {
		this.open.push(new Map());
		this.keyLast = false;
	}

	openList(): void {
		this.open.push([]);
		this.keyLast = false;
	}

	close(): void {
		const closed = this.open.pop() ?? [];
		this.set(closed instanceof Map ? Object.fromEntries(closed) : closed);
	}

	set(value: ReadValue): void {
		this.keyLast = false;
		const into = this.open.at(-1);
		if (into instanceof Map) into.set(this.keys.pop() ?? "", value);
		else into?.push(value);
	}

	/** A value that the server reads over: its key stays where it is. */
	ignore(): void {
		this.keyLast = false;
	}

	include(entries: ReadMap): void {
		for (const [name, value] of Object.entries(entries)) {
			this.key(name);
			this.set(value);
		}
		this.keyLast = false;
	}

	/** What a variable stands for: the nearest key of that name which was set before, in the blocks around it. */
	lookUp(name: string): ReadValue | undefined {
		for (const map of [...this.open].reverse()) {
			const value = map instanceof Map ? map.get(name) : undefined;
			if (value !== undefined) return value;
		}
		return undefined;
	}

	/** What is there. Blocks that never ended are not. */
	root(): ReadMap {
		const [root] = this.open;
		return root instanceof Map ? Object.fromEntries(root) : {};
	}
}
