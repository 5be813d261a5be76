import type { Command } from "commander";
import type { StackOutputs } from "../contract/outputs";
import { loadOutputs } from "./outputs";

/** Options of every command that reads a stack's outputs. */
export interface Common {
	readonly stack?: string;
	readonly outputs?: string;
}

/** A command with the options in `Common`. */
export function command(parent: Command, name: string): Command {
	return parent
		.command(name)
		.option("-s, --stack <stack>", "name of the stack (default: the selected one)")
		.option("--outputs <file>", "outputs written by: pulumi stack output --json --show-secrets");
}

/** The outputs that the options ask for. @throws UserError, OutputsError */
export function outputsOf({ stack, outputs }: Common): Promise<StackOutputs> {
	return loadOutputs({ stack, file: outputs });
}

/** A line for whoever reads the result. */
export function say(line: string): void {
	process.stdout.write(`${line}\n`);
}
