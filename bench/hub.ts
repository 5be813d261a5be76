/** What a hub of one and of three nodes uses for a message, small and large, late and live. About 8 minutes. */
import { writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type HubCase, type HubTurn, KINDS, measureHub, type ServerUse } from "./measure-hub";
import { runBench } from "./report";

const TURNS = 2;

/**
 * Of 12 devices, each: enough messages that the ten milliseconds of a processor's clock do not matter. Steady ones come
 * 200 a second from each, 2,400 in all: the fewer, the more they cost each, for the server wakes up for every one.
 */
const DEVICES = 12;
const CASES: readonly Omit<HubCase, "nodes" | "devices">[] = [
	{ size: 128, backlog: 15_000, steady: 1_000, busy: 8_000, steadyRate: 200 },
	{ size: 1_024, backlog: 8_000, steady: 1_000, busy: 5_000, steadyRate: 200 },
	{ size: 12_800, backlog: 800, steady: 1_000, busy: 800, steadyRate: 200 },
	{ size: 65_536, backlog: 200, steady: 100, busy: 200, steadyRate: 20 },
];

const HEAD = [
	"nodes",
	"payload, bytes",
	"messages",
	"a second",
	"processor, µs a message",
	"the leader's",
	"stored, bytes a message",
	"written by each node",
	"sent by the leader to others",
];

runBench(async () => {
	const file = process.argv[2] ?? join(tmpdir(), `leafline-bench-hub-${process.pid}.json`);
	const all: (HubTurn & { load: number })[] = [];
	console.log(line(HEAD));
	console.log(line(HEAD.map(() => "---")));
	for (const nodes of [1, 3] as const) {
		for (const each of CASES) {
			const turns = await measureHub({ ...each, nodes, devices: DEVICES }, TURNS);
			const [load = 0] = loadavg();
			all.push(...turns.map((turn) => ({ ...turn, load })));
			writeFileSync(file, JSON.stringify(all, null, "\t"));
			for (const kind of KINDS) console.log(row(turns.filter((turn) => turn.kind === kind)));
		}
	}
	const idle = (nodes: number) =>
		Math.max(...all.filter((turn) => turn.nodes === nodes).flatMap(({ servers }) => servers.map((use) => use.idle)));
	console.log(
		`an idle server of one node uses ${percent(idle(1))} of a processor, of three nodes at most ${percent(idle(3))}`,
	);
	const loads = all.map(({ load }) => load);
	console.log(
		`load of the machine after each row: ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
	);
	console.log(`all of it: ${file}`);
});

/** Of the turns of one kind, with the figure of each. */
function row(turns: readonly HubTurn[]): string {
	const [{ nodes, size, kind }] = turns as [HubTurn];
	const each = (of: (turn: HubTurn) => number, digits = 0) =>
		turns.map((turn) => of(turn).toLocaleString("en-US", { maximumFractionDigits: digits })).join(", ");
	const perMessage = (turn: HubTurn, of: (use: ServerUse) => number, leader = false) =>
		turn.servers.filter(({ leads }) => leads || !leader).reduce((whole, use) => whole + of(use), 0) / turn.total;
	return line([
		nodes,
		size.toLocaleString("en-US"),
		kind,
		each(({ perSecond }) => perSecond),
		each((turn) => perMessage(turn, ({ processor }) => processor), 1),
		each((turn) => perMessage(turn, ({ processor }) => processor, true), 1),
		each(({ storedBytes, total }) => storedBytes / total),
		each((turn) => perMessage(turn, ({ written }) => written) / nodes),
		nodes === 1 ? "–" : each((turn) => perMessage(turn, ({ routed }) => routed, true)),
	]);
}

function line(cells: readonly (string | number)[]): string {
	return `| ${cells.join(" | ")} |`;
}

function percent(microseconds: number): string {
	return `${(microseconds / 10_000).toFixed(1)}%`;
}
