import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leafMessage } from "../support/raw-leaf";
import { ACTORS, type Actor, ownKey, STRANGERS, shout, stolen } from "./matrix/actors";
import { attemptOf, byHome, type Cell, cellsOf, reachable, wayName } from "./matrix/cells";
import { EARS, overhear } from "./matrix/ears";
import { differences } from "./matrix/fingerprint";
import { headerBlock } from "./matrix/mouths";
import { run } from "./matrix/runner";
import { type Stage, type StageOptions, startStage } from "./matrix/stage";
import { MAIN } from "./matrix/targets";

/**
 * Everybody × everything that they should not touch × every way to say it. Nothing may have an effect on what a fleet
 * is made of; and each, where nothing is protected, has the effect that it is tried for, or it would prove nothing.
 *
 * `LEAFLINE_MATRIX=all npm test -- tests/identity/matrix.test.ts` tries every cell everywhere; without it every cell is
 * tried once, and the main ones where that takes long: on three nodes, and each one by itself.
 */
const ALL = process.env.LEAFLINE_MATRIX === "all";
const isMain = ({ target }: Cell) => MAIN.includes(target.subject);
/** Of one kind with another actor, in all but what it shows. */
const ALIKE = "device that made its own key";

interface Variant extends StageOptions {
	readonly cells: (actor: Actor) => Cell[];
}

const some = (actor: Actor) => cellsOf(actor).filter((cell) => ALL || isMain(cell));
const every = (actor: Actor) => (actor.name === ALIKE ? some(actor) : cellsOf(actor));

const PROTECTED: readonly Variant[] = [
	{ walls: "up", nodes: 1, cells: every },
	{ walls: "up", nodes: 3, cells: some },
];
/** On three nodes what is written goes another way: through their log. */
const OPEN: readonly Variant[] = [
	{ walls: "down", nodes: 1, cells: some },
	...(ALL ? [{ walls: "down", nodes: 3, cells: some } as const] : []),
];

describe.each(PROTECTED)("a fleet as it is, with $nodes nodes", ({ cells, ...options }) => {
	let stage: Stage;
	let revoked: string;
	beforeAll(async () => {
		stage = await startStage(options);
		const lost = ownKey(stage);
		revoked = lost.credentials;
		await stage.bench.push({ revoked: [lost.publicKey] });
	}, 300_000);
	afterAll(() => stage?.close());

	it.each(ACTORS)("$name: nothing that it says has an effect", { timeout: 600_000 }, async (actor) => {
		const attacker = await actor.open(stage, "HUB");
		const effects = await run(stage, attacker, cells(actor).map(attemptOf), 100).finally(attacker.mouth.close);
		expect(Object.fromEntries(effects)).toEqual({});
	});

	it.each(ACTORS)("$name: hears nothing of others", async (actor) => {
		const attacker = await actor.open(stage, "HUB");
		const heard = await overhear(stage, attacker, actor.ears ?? EARS).finally(attacker.mouth.close);
		expect(heard).toEqual([]);
	});

	it.each(STRANGERS)("$name: is not let in, and nothing that it says meanwhile has an effect", async (stranger) => {
		// Also waits for what others were doing.
		await stage.restore();
		const before = await stage.fingerprint();
		const text = everything(cells(ACTORS[0] as Actor), before);
		for (const when of ["before", "after"] as const) {
			expect(await shout(stage, stranger.credentials(stage, revoked), text, when)).toBe("refused");
		}
		expect(differences(before, await stage.fingerprint())).toEqual([]);
	});
});

describe.each(OPEN)("a fleet without any protection, with $nodes nodes", ({ cells, ...options }) => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await startStage(options);
	}, 300_000);
	afterAll(() => stage?.close());

	it.each(ACTORS)("$name: each does what it is tried for", { timeout: 1_200_000 }, async (actor) => {
		const without: string[] = [];
		const idle: string[] = [];
		for (const [home, all] of byHome(cells(actor))) {
			const attacker = await actor.open(stage, home);
			const able = all.filter((cell) => reachable(cell, actor));
			const effects = await run(stage, attacker, able.map(attemptOf), 1);
			without.push(...able.filter(({ name }) => !effects.has(name)).map(({ name }) => name));
			const may = ({ way, target }: Cell) => typeof way !== "string" && way.mayReach?.(target.subject);
			const others = all.filter((cell) => !reachable(cell, actor) && !may(cell));
			idle.push(...(await run(stage, attacker, others.map(attemptOf), 100)).keys());
			await attacker.mouth.close();
		}
		expect({ without, idle }).toEqual({ without: [], idle: [] });
	});

	it.each(ACTORS)("$name: hears others", async (actor) => {
		for (const ear of actor.ears ?? EARS) {
			const attacker = await actor.open(stage, "HUB");
			const heard = await overhear(stage, attacker, [ear]).finally(attacker.mouth.close);
			expect(heard, ear).not.toEqual([]);
		}
	});

	it("who is let in is heard, also what is said in one piece with the credentials", async () => {
		const before = await stage.fingerprint();
		const main = cellsOf(ACTORS[0] as Actor).filter((cell) => isMain(cell) && cell.way === "publish");
		expect(await shout(stage, stolen(stage, "HUB"), everything(main, before), "after")).toBe("let in");
		await expect.poll(async () => differences(before, await stage.fingerprint()), { timeout: 20_000 }).not.toEqual([]);
	});
});

/** Every message at once, as it goes over a leaf connection. */
function everything(cells: readonly Cell[], print: Parameters<ReturnType<typeof attemptOf>["says"]>[0]): string {
	const messages = cells.map((cell) => attemptOf(cell).says(print, "dl.edge1.x"));
	return messages
		.map(({ subject, body, reply, headers }) => leafMessage(subject, body, reply, headers && headerBlock(headers)))
		.join("");
}

describe("the matrix", () => {
	it("tries each cell once", () => {
		for (const actor of ACTORS) {
			const names = cellsOf(actor).map(({ name }) => name);
			expect(new Set(names).size, actor.name).toBe(names.length);
		}
	});

	it("has a control for each way, and for each thing that is not to be touched", () => {
		for (const actor of ACTORS) {
			const controlled = cellsOf(actor).filter((cell) => reachable(cell, actor));
			const targets = new Set(controlled.map(({ target }) => target.subject));
			const untouched = actor.targets.filter((target) => !targets.has(target.subject)).map(({ subject }) => subject);
			expect(
				untouched.filter((subject) => !actor.cannot?.({ subject, reply: "$JS.ACK.x" }) && !/DIRECT/.test(subject)),
			).toEqual([]);
			expect(new Set(controlled.map(({ way }) => wayName(way))).size).toBeGreaterThan(2);
		}
	});
});
