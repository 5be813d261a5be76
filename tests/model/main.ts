import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { closeAll } from "../../control/control";
import { generate } from "./generate";
import { findings, runScenario } from "./run";
import type { Outcome } from "./settle";
import { shrink } from "./shrink";
import type { Kind, Scenario, Step } from "./steps";
import type { World } from "./world";

const USAGE = `npm run model -- [options]
  --seed N        first seed; each scenario has the next one (default: by chance)
  --hours H       go on until so many hours have passed (default: one scenario)
  --count N       steps of a scenario (default 16)
  --nodes 1|3     nodes of the hub (default: mostly one)
  --without KIND  leave a kind of steps out; may be repeated
  --steps JSON    these steps instead of the seed's
  --shrink N      tries to find a shorter list of steps that fails (default 12; 0 for none)
  --logs FOLDER   where the servers' logs and the ledger go of a scenario that fails
  --verbose       each step as it is done`;
const HOUR_MS = 3_600_000;

interface Settings {
	readonly seed: number;
	readonly until: number;
	readonly shrinkTries: number;
	readonly verbose: boolean;
	readonly logs: string | undefined;
	scenario(seed: number): Scenario;
}

async function main(): Promise<void> {
	const settings = readArguments(process.argv.slice(2));
	const began = Date.now();
	const total = { scenarios: 0, failed: 0, steps: 0, acknowledged: 0, excused: 0 };
	let stopping = false;
	const stop = () => stopping;
	process.on("SIGINT", () => {
		if (stopping) process.exit(130);
		stopping = true;
		say("ends after the step that is under way; once more to end at once");
	});
	for (let seed = settings.seed; !stopping; seed++) {
		const scenario = settings.scenario(seed);
		const outcome = await attempt(scenario, settings, stop);
		if (stopping) break;
		total.scenarios++;
		total.steps += scenario.steps.length;
		total.acknowledged += outcome.acknowledged;
		total.excused += sum(outcome.excused);
		if (!outcome.good) {
			total.failed++;
			process.exitCode = 1;
			await report(scenario, outcome, settings, stop);
		}
		if (Date.now() >= settings.until) break;
	}
	const hours = ((Date.now() - began) / HOUR_MS).toFixed(2);
	say(`${hours} h: ${JSON.stringify(total)}`);
	await closeAll();
	if (stopping) process.exitCode = 130;
}

async function attempt(scenario: Scenario, { verbose, logs }: Settings, stop: () => boolean): Promise<Outcome> {
	const { seed, nodes, sourcing, devices, steps } = scenario;
	const began = Date.now();
	const onStep = (step: Step, index: number) => {
		if (verbose) say(`seed ${seed}, step ${index + 1} of ${steps.length}: ${JSON.stringify(step)}`);
	};
	const onNote = (text: string) => {
		if (verbose) say(`  ${text}`);
	};
	const inspect = async ({ bench, ledger, devices }: World, { good }: Outcome) => {
		if (logs === undefined || good) return;
		const into = path.join(logs, `seed-${seed}-${Date.now()}`);
		fs.mkdirSync(into, { recursive: true });
		const said = Object.fromEntries([...devices].map(([name, device]) => [name, device.said]));
		fs.writeFileSync(path.join(into, "ledger.json"), JSON.stringify({ said, lanes: ledger.all() }));
		for (const name of fs.readdirSync(bench.path(""))) {
			if (!name.endsWith(".log")) continue;
			fs.copyFileSync(bench.path(name), path.join(into, name));
		}
	};
	const outcome = await runScenario(scenario, { onStep, onNote, stop, inspect });
	const what = `${nodes} node${nodes === 1 ? "" : "s"}, ${devices.length} devices, ${sourcing}, ${steps.length} steps`;
	const counted = `${outcome.acknowledged} acknowledged, ${outcome.refused} refused, excused ${JSON.stringify(outcome.excused)}`;
	const seconds = Math.round((Date.now() - began) / 1000);
	say(`seed ${seed} (${what}): ${counted}; ${outcome.good ? "good" : "FAILED"} after ${seconds} s`);
	for (const finding of findings(outcome)) say(`  ${finding}`);
	return outcome;
}

async function report(scenario: Scenario, outcome: Outcome, settings: Settings, stop: () => boolean): Promise<void> {
	for (const note of outcome.notes) say(`  note: ${note}`);
	say(`  replay: ${replay(scenario)}`);
	if (settings.shrinkTries === 0) return;
	const fails = async (steps: readonly Step[]) => {
		if (stop()) return false;
		const part = { ...scenario, steps };
		return !(await attempt(part, { ...settings, verbose: false }, stop)).good && !stop();
	};
	const short = await shrink(scenario.steps, fails, settings.shrinkTries);
	say(
		`  shortest that failed, ${short.length} of ${scenario.steps.length} steps: ${replay({ ...scenario, steps: short })}`,
	);
}

function replay({ seed, nodes, steps }: Scenario): string {
	return `npm run model -- --seed ${seed} --nodes ${nodes} --steps '${JSON.stringify(steps)}'`;
}

function readArguments(args: string[]): Settings {
	const { values } = parseArgs({
		args,
		options: {
			seed: { type: "string" },
			hours: { type: "string" },
			count: { type: "string" },
			nodes: { type: "string" },
			without: { type: "string", multiple: true },
			steps: { type: "string" },
			shrink: { type: "string" },
			logs: { type: "string" },
			verbose: { type: "boolean" },
		},
	});
	const number = (name: "seed" | "hours" | "count" | "shrink", usual: number) => {
		const value = values[name] === undefined ? usual : Number(values[name]);
		if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} ${values[name]} is no number\n${USAGE}`);
		return value;
	};
	if (values.nodes !== undefined && !["1", "3"].includes(values.nodes)) throw new Error(`--nodes is 1 or 3\n${USAGE}`);
	const nodes = values.nodes === undefined ? undefined : (Number(values.nodes) as 1 | 3);
	const options = {
		steps: number("count", 16),
		...(nodes !== undefined && { nodes }),
		without: (values.without ?? []) as Kind[],
	};
	const given = values.steps === undefined ? undefined : (JSON.parse(values.steps) as Step[]);
	return {
		seed: number("seed", Math.floor(Math.random() * 1_000_000)),
		until: Date.now() + number("hours", 0) * HOUR_MS,
		shrinkTries: number("shrink", given ? 0 : 12),
		logs: values.logs,
		verbose: values.verbose ?? given !== undefined,
		scenario: (seed) => ({ ...generate(seed, options), ...(given && { steps: given }) }),
	};
}

function sum(counts: Readonly<Record<string, number>>): number {
	return Object.values(counts).reduce((all, count) => all + count, 0);
}

function say(line: string): void {
	console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
