import type { Actor } from "./actors";
import type { Attempt } from "./runner";
import type { Home, Target } from "./targets";
import type { Deputy } from "./ways";

/** One cell of the matrix. */
export interface Cell {
	readonly target: Target;
	readonly way: "publish" | "request" | Deputy;
	readonly name: string;
}

/** All that somebody tries: each subject by itself, with a reply of its own, and named to everybody who would speak there. */
export function cellsOf({ targets, deputies }: Pick<Actor, "targets" | "deputies">): Cell[] {
	return targets.flatMap((target) => {
		const ways: Cell["way"][] = [
			...(target.requestOnly ? [] : (["publish"] as const)),
			...(target.reply ? [] : (["request"] as const)),
			...(target.nameable ? deputies : []),
		];
		return ways.map((way) => ({ target, way, name: `${wayName(way)} → ${target.subject}` }));
	});
}

export function wayName(way: Cell["way"]): string {
	return typeof way === "string" ? way : way.name;
}

/** Whether it succeeds where nothing is protected: its control. */
export function reachable({ target, way }: Cell, { cannot }: Pick<Actor, "cannot"> = {}): boolean {
	const { subject } = target;
	const says = typeof way === "string" ? { subject, reply: target.reply?.({}) ?? "" } : way.says(subject, {});
	if (cannot?.(says)) return false;
	return typeof way === "string" || way.reaches(subject);
}

export function attemptOf({ target, way, name }: Cell): Attempt {
	const { body, reply } = target;
	return {
		cell: name,
		answer: target.answer,
		shows: target.shows,
		says: (print, inbox) => {
			const subject = target.at?.(print) ?? target.subject;
			if (typeof way !== "string") return way.says(subject, print);
			const answer = way === "request" ? inbox : reply?.(print);
			return {
				subject,
				...(body && { body: body(print, inbox) }),
				...(answer !== undefined && { reply: answer }),
			};
		},
	};
}

export function byHome(cells: readonly Cell[]): Map<Home, Cell[]> {
	const homes = new Map<Home, Cell[]>();
	for (const cell of cells) homes.set(cell.target.home, [...(homes.get(cell.target.home) ?? []), cell]);
	return homes;
}
