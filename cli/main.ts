import { Command, InvalidArgumentError } from "commander";
import type { StackOutputs } from "../contract/outputs";
import { addBundle } from "./bundle/command";
import { addCheck } from "./check/command";
import { demo } from "./demo";
import { liveView, plainView } from "./demo-screen";
import { explain, Interrupted } from "./errors";
import { heal } from "./heal/heal";
import { addIam } from "./iam/command";
import { switchLink } from "./links";
import { loadOutputs } from "./outputs";
import { addReview } from "./review/command";
import { canRedraw } from "./screen";
import { status } from "./status";
import { trim } from "./trim";

/** The command line `leafline`. It reads a stack's outputs and the running system, and never writes a secret. */

interface Common {
	readonly stack?: string;
	readonly outputs?: string;
}

function program(): Command {
	const leafline = new Command("leafline")
		.description("See and try the data path between a hub and its edge devices")
		.showHelpAfterError("(leafline --help lists the commands)");
	command(leafline, "status")
		.description("What each device holds, what the hub has, and what still waits")
		.option("--json", "one JSON object")
		.option("--watch", "again every second, until interrupted")
		.option("--seen", "what was noted of power cuts and in the journal is not told again on this machine")
		.action(async (options: Common & { json?: boolean; watch?: boolean; seen?: boolean }) => {
			// Not the default: an orderly exit gives the terminal its cursor back.
			process.once("SIGINT", () => process.exit(130));
			process.once("SIGTERM", () => process.exit(143));
			process.exitCode = await status(await outputs(options), options);
		});
	command(leafline, "demo")
		.description("Publish on every device of a local stack, cut a link meanwhile, and count what reached the hub")
		.option("--messages <n>", "messages of each device (default: 20000, less for more than three devices)", wholeNumber)
		.option("--plain", "one line an event, as in a pipe")
		.option("--json", "only the result, as one JSON object")
		.action(async (options: Common & DemoFlags) => {
			process.exitCode = await runDemo(await outputs(options), options);
		});
	command(leafline, "trim")
		.description("Make room on connected devices: purge the oldest messages that the hub has, where room is needed")
		.action(async (options: Common) => {
			process.exitCode = await trim(await outputs(options), say);
		});
	command(leafline, "heal")
		.argument("<device>")
		.description("Set sources of a device going again that stopped, by what can lose or double nothing")
		.option("-n, --dry-run", "say what would be done, and do nothing")
		.option("--drop-poison <folder>", "take messages away that the hub cannot take, each when it is saved there")
		.action(async (device: string, options: Common & { dryRun?: boolean; dropPoison?: string }) => {
			process.exitCode = await heal(await outputs(options), device, options, say);
		});
	command(leafline, "cut")
		.argument("<device>")
		.description("Cut the link of a device of a local stack")
		.option("--half-open", "keep the connection but let nothing through, as a lost radio link does")
		.action(async (device: string, options: Common & { halfOpen?: boolean }) => {
			await switchLink((await outputs(options)).leafline, device, options.halfOpen ? "half-open" : "cut");
			say(`${device} cut; npx leafline restore ${device} brings it back`);
		});
	command(leafline, "restore")
		.argument("<device>")
		.description("Restore the link of a device of a local stack")
		.action(async (device: string, options: Common) => {
			await switchLink((await outputs(options)).leafline, device, "up");
			say(`${device} restored`);
		});
	addBundle(leafline);
	addCheck(leafline);
	addReview(leafline);
	addIam(leafline);
	return leafline;
}

interface DemoFlags {
	readonly messages?: number;
	readonly plain?: boolean;
	readonly json?: boolean;
}

/** Exit code 1 if a message is lost, twice or out of order, or if a port is open that should not be. */
async function runDemo(outputs: StackOutputs, { messages, plain, json }: DemoFlags): Promise<number> {
	const steps = process.env.LEAFLINE_STEPS;
	const live = !plain && !json && canRedraw(process.stdout);
	const view = live
		? liveView(outputs.leafline, process.stdout, steps)
		: plainView(outputs.leafline, json ? () => {} : (text) => process.stdout.write(text), steps);
	const interrupt = new AbortController();
	const onInterrupt = () => interrupt.abort(new Interrupted("interrupted; the link is restored"));
	process.once("SIGINT", onInterrupt);
	try {
		const result = await demo(outputs, { messages, events: view.events, signal: interrupt.signal });
		if (json) say(JSON.stringify(result));
		else view.finish(result);
		return result.verdict.good && result.ports?.good !== false ? 0 : 1;
	} finally {
		process.off("SIGINT", onInterrupt);
		view.close();
	}
}

function wholeNumber(text: string): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < 1 || value > 10_000_000)
		throw new InvalidArgumentError("a whole number from 1 to 10000000, please");
	return value;
}

/** Options that every command has. */
function command(parent: Command, name: string): Command {
	return parent
		.command(name)
		.option("-s, --stack <stack>", "name of the stack (default: the selected one)")
		.option("--outputs <file>", "outputs written by: pulumi stack output --json --show-secrets");
}

function outputs({ stack, outputs }: Common) {
	return loadOutputs({ stack, file: outputs });
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
	// `leafline status | head` closes the pipe early: no reason for a stack trace.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
	try {
		await program().parseAsync();
	} catch (error) {
		process.stderr.write(`${explain(error)}\n`);
		process.exitCode = error instanceof Interrupted ? 130 : 1;
	}
}

void main();
