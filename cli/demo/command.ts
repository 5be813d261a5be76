import { type Command, InvalidArgumentError } from "commander";
import type { StackOutputs } from "../../contract/outputs";
import { Interrupted } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { canRedraw } from "../screen";
import { demo } from "./demo";
import { liveView, plainView } from "./views";

/** `leafline demo`: publishes on a local stack's devices, and cuts one of its links meanwhile. */
export function addDemo(leafline: Command): void {
	command(leafline, "demo")
		.description("Publish on every device of a local stack, cut a link meanwhile, and count what reached the hub")
		.option("--messages <n>", "messages of each device (default: 20000, less for more than three devices)", wholeNumber)
		.option("--plain", "one line an event, as in a pipe")
		.option("--json", "only the result, as one JSON object")
		.action(async (options: Common & DemoFlags) => {
			process.exitCode = await runDemo(await outputsOf(options), options);
		});
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
