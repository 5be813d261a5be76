import { differences, type Fingerprint } from "./fingerprint";
import type { Mouth, Saying } from "./mouths";
import { FORGED, forgedIn, type Stage } from "./stage";

/** One cell: somebody says something that must have no effect. */
export interface Attempt {
	/** Unique within a run. */
	readonly cell: string;
	readonly says: (print: Fingerprint, inbox: string) => Saying;
	/** What an answer to it looks like that tells too much. @default any that is no error of the API */
	readonly answer?: RegExp | undefined;
	/** Beginning of the change that it makes where nothing is protected. */
	readonly shows?: string | undefined;
}

/** Somebody who is let in, for one run. */
export interface Attacker {
	readonly mouth: Mouth;
	/** Prefix of what it may hear, for answers. */
	readonly inbox: string;
	/** Objects that it may change: its own. */
	readonly own: readonly string[];
	/** A message that it may send and that must arrive, to show that what went before was delivered. */
	mark(): Promise<void>;
}

/** How long an effect may take to show. */
const EFFECT_MS = { 1: 600, 3: 1_200 } as const;
const GOOD_ANSWER = /"type":(?!.*"error":)/s;

/**
 * Makes the attempts and tells which had an effect, and which one. They are made in batches with one look after each;
 * a batch that had an effect is made again in halves.
 */
export async function run(
	stage: Stage,
	attacker: Attacker,
	attempts: readonly Attempt[],
	size: number,
): Promise<Map<string, string>> {
	const effects = new Map<string, string>();
	for (let from = 0; from < attempts.length; from += size) {
		await bisect(stage, attacker, attempts.slice(from, from + size), effects);
	}
	return effects;
}

/** @returns whether the attempts had an effect */
async function bisect(
	stage: Stage,
	attacker: Attacker,
	attempts: readonly Attempt[],
	effects: Map<string, string>,
): Promise<boolean> {
	const [effect] = await attack(stage, attacker, attempts);
	if (effect === undefined) return false;
	await stage.restore();
	const half = Math.ceil(attempts.length / 2);
	const parts = attempts.length > 1 ? [attempts.slice(0, half), attempts.slice(half)] : [];
	let again = false;
	for (const part of parts) again = (await bisect(stage, attacker, part, effects)) || again;
	// What happens once only is no less of an effect.
	if (!again) effects.set(attempts.map(({ cell }) => cell).join(", "), effect);
	return true;
}

let count = 0;

/** Makes some attempts at once. @returns what they changed and what was heard of them */
async function attack(stage: Stage, attacker: Attacker, attempts: readonly Attempt[]): Promise<string[]> {
	const before = await stage.fingerprint();
	const deaf = Object.entries(stage.told).map(([who, { heard }]) => [who, heard.length] as const);
	const asked = new Map<string, Attempt>();
	for (const attempt of attempts) {
		const inbox = `${attacker.inbox}.${(count++).toString(36)}`;
		asked.set(inbox, attempt);
		await attacker.mouth.say(attempt.says(before, inbox));
	}
	const look = async () => {
		const answers = attacker.mouth.heard
			.filter(({ subject, body }) => (asked.get(subject)?.answer ?? GOOD_ANSWER).test(body) && asked.has(subject))
			.map(({ subject, body }) => `${asked.get(subject)?.cell} was answered: ${body.slice(0, 80)}`);
		const told = deaf.flatMap(([who, since]) =>
			forgedIn(stage.told[who]?.heard.slice(since) ?? []).map(({ subject }) => `${who} heard ${FORGED} on ${subject}`),
		);
		const changed = differences(before, await stage.fingerprint(), attacker.own);
		// Where nothing is protected, much moves that is no effect of the attempt.
		const meant = stage.walls === "up" ? changed : changed.filter((it) => it.startsWith(attempts[0]?.shows ?? "-"));
		return [...answers, ...told, ...meant];
	};
	if (attempts.length > 1) await attacker.mark();
	const deadline = Date.now() + EFFECT_MS[stage.nodes];
	for (;;) {
		const effects = await look();
		if (effects.length > 0 || Date.now() >= deadline) return effects;
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}
