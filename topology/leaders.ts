/** Where a replicated stream is led, and which servers could lead it as well. */
export interface Led {
	readonly stream: string;
	readonly leader: string;
	/** Servers with a current replica, the leader among them. */
	readonly members: readonly string[];
}

export interface LeaderMove {
	readonly stream: string;
	readonly to: string;
}

/** Number of streams that each server leads, those without any included, by name. */
export function leaderCounts(streams: readonly Led[]): Record<string, number> {
	const servers = [...new Set(streams.flatMap(({ members }) => members))].sort();
	return Object.fromEntries(
		servers.map((server) => [server, streams.filter(({ leader }) => leader === server).length]),
	);
}

/**
 * As few changes of leaders as it takes so that no server leads two streams more than another that could lead one of
 * them. Pure, and the same for the same input: a spread that is even already is left alone.
 */
export function leaderMoves(streams: readonly Led[]): LeaderMove[] {
	const leaders = new Map(streams.map(({ stream, leader }) => [stream, leader]));
	const counts = leaderCounts(streams);
	const count = (server: string) => counts[server] ?? 0;
	const inOrder = [...streams].sort((a, b) => (a.stream < b.stream ? -1 : 1));
	for (;;) {
		const choices = inOrder.flatMap(({ stream, members }) => {
			const from = leaders.get(stream) ?? "";
			return members.map((to) => ({ stream, from, to, gain: count(from) - count(to) }));
		});
		const best = choices.reduce<(typeof choices)[number] | undefined>(
			(chosen, choice) => (choice.gain > (chosen?.gain ?? 1) ? choice : chosen),
			undefined,
		);
		if (!best) break;
		leaders.set(best.stream, best.to);
		counts[best.from] = count(best.from) - 1;
		counts[best.to] = count(best.to) + 1;
	}
	return inOrder.flatMap(({ stream, leader }) => {
		const to = leaders.get(stream) ?? leader;
		return to === leader ? [] : [{ stream, to }];
	});
}
