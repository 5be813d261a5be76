/** How long each step on the way to the hub may take. */
export const WITHIN_MS = 8_000;

/** @throws Error with `otherwise` when it takes longer */
export function within<T>(work: Promise<T>, otherwise: string): Promise<T> {
	let timer: NodeJS.Timeout;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(otherwise)), WITHIN_MS);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
