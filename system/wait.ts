/** Requests that a server or a link is asked to carry at once. */
const WIDTH = 32;

/** Runs at most so many tasks at once, in the order of their calls. */
export function limiter(width = WIDTH): <T>(task: () => Promise<T>) => Promise<T> {
	let free = width;
	const queue: (() => void)[] = [];
	return async (task) => {
		if (free > 0) free--;
		else await new Promise<void>((resolve) => queue.push(resolve));
		try {
			return await task();
		} finally {
			const next = queue.shift();
			if (next) next();
			else free++;
		}
	};
}

export function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
