import { openRawLeaf } from "../../support/raw-leaf";
import { differences, type Fingerprint, takeFingerprint } from "../matrix/fingerprint";
import { THIEF, VICTIM } from "../matrix/fleet";
import type { Stage } from "../matrix/stage";
import { startFlow } from "./flow";
import { hello, utterance } from "./grammar";
import { random } from "./random";

export interface Fuzzed {
	readonly sessions: number;
	readonly lines: number;
	/** Sessions that the hub ended, and those that it left open. */
	readonly closed: number;
	readonly refused: number;
	/** What happened that must not. */
	readonly found: readonly string[];
	/** Messages that the other device sent meanwhile, each acknowledged by its own server. */
	readonly flowed: number;
}

/** What a session says: its CONNECT and its lines. It depends on the seed and its number only. */
export function session(seed: number, number: number): { hello: Record<string, unknown>; lines: readonly string[] } {
	const dice = random(seed, number);
	return {
		hello: dice.once(4) ? hello(dice) : {},
		lines: Array.from({ length: 1 + dice.below(dice.once(10) ? 200 : 12) }, () => utterance(dice)),
	};
}

/** How many sessions between two looks at the fleet. */
const LOOK_EVERY = 40;
/** How many sessions at once. */
const SIDE_BY_SIDE = 4;

/**
 * Speaks to the hub with a device's credentials until the time is over, and looks again and again whether anything has
 * changed that must not, the hub is alive, and another device's messages arrive once and in order.
 * @param say told of what was found, at once
 */
export async function fuzz(
	stage: Stage,
	{ seed, seconds, first = 0, say }: { seed: number; seconds: number; first?: number; say: (text: string) => void },
): Promise<Fuzzed> {
	const deadline = Date.now() + seconds * 1_000;
	const found: string[] = [];
	const pids = stage.bench.hubs.map((hub) => hub.pid());
	const before = await stage.fingerprint();
	const flow = await startFlow(stage);
	const counts = { sessions: 0, lines: 0, closed: 0, refused: 0 };
	let number = first;
	const report = (what: string, since: number) => {
		const text = `${what}; sessions ${since} to ${number - 1}, LEAFLINE_SEED=${seed}`;
		found.push(text);
		say(text);
	};
	while (Date.now() < deadline && found.length === 0) {
		const since = number;
		const numbers = Array.from({ length: LOOK_EVERY }, () => number++);
		await Promise.all(
			Array.from({ length: SIDE_BY_SIDE }, async (_, lane) => {
				for (const mine of numbers.filter((it) => it % SIDE_BY_SIDE === lane)) {
					const outcome = await speak(stage, seed, mine);
					counts.sessions++;
					counts.lines += outcome.lines;
					if (outcome.end !== "open") counts[outcome.end]++;
				}
			}),
		);
		for (const harm of await harms(stage, before, pids)) report(harm, since);
	}
	// Before the hub's messages are read back: that takes a consumer.
	const last = await harms(stage, before, pids);
	for (const harm of [...last, ...(await flow.stop())]) report(harm, first);
	return { ...counts, found, flowed: flow.sent() };
}

interface Outcome {
	readonly lines: number;
	readonly end: "open" | "closed" | "refused";
}

async function speak({ bench }: Stage, seed: number, number: number): Promise<Outcome> {
	const { hello: fields, lines } = session(seed, number);
	const options = {
		port: bench.hubs[number % bench.hubs.length]?.ports.leaf ?? 0,
		ca: bench.ca,
		credentials: bench.credentials(THIEF),
		name: `fuzz-${number}`,
		pretends: fields,
	};
	const leaf = await openRawLeaf(options).catch(() => undefined);
	if (!leaf) return { lines: 0, end: "refused" };
	let said = 0;
	for (const line of lines) {
		if (leaf.closed) break;
		leaf.send(Buffer.from(line, "latin1"));
		said++;
		// What is refused ends the connection: the rest is for those that are not.
		if (said % 4 === 0) await bounded(leaf.flush());
	}
	const open = await bounded(leaf.flush());
	leaf.close();
	return { lines: said, end: open ? "open" : "closed" };
}

/** Whether it comes true. After half a line the server may wait for the rest for ever. */
function bounded(flushed: Promise<void>): Promise<boolean> {
	const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 250).unref());
	return Promise.race([
		flushed.then(
			() => true,
			() => false,
		),
		late,
	]);
}

/** What flows meanwhile, and what a device may do to itself. */
const MOVES = [
	`${THIEF}/`,
	`link ${THIEF}`,
	`hub/hub_commands/${THIEF} `,
	"hub/hub_can state",
	"hub/hub_can/lake state",
	"hub/hub_alarm state",
	`${VICTIM}/${VICTIM}_can state`,
	`${VICTIM}/${VICTIM}_can/hub state`,
];

async function harms(stage: Stage, before: Fingerprint, pids: readonly (number | undefined)[]): Promise<string[]> {
	const { bench, edges } = stage;
	const died = bench.hubs.filter((hub, i) => hub.pid() !== pids[i] || /\[FTL\]|panic:|fatal error:/.test(hub.log()));
	if (died.length > 0) return died.map(({ name, log }) => `${name} died: ${log().slice(-500)}`);
	try {
		return differences(before, await takeFingerprint(bench, edges), MOVES);
	} catch (error) {
		return [`the hub does not answer: ${error}`];
	}
}
