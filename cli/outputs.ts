import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { StackOutputs } from "../contract/outputs";
import { OutputsError, parseOutputs } from "../contract/versions";
import { messageOf, UserError } from "./errors";

export interface OutputsSource {
	/** Name of the stack. @default the selected one, `local` if none is */
	readonly stack?: string | undefined;
	/** File of `pulumi stack output --json --show-secrets`. @default LEAFLINE_OUTPUTS, else the engine is asked */
	readonly file?: string | undefined;
}

/** The outputs of a stack, from a file or from the engine on PATH. Secrets stay in memory. */
export async function loadOutputs({
	stack,
	file = process.env.LEAFLINE_OUTPUTS,
}: OutputsSource): Promise<StackOutputs> {
	const name = file ?? `stack ${stack ?? "(selected)"}`;
	const text = file ? await readText(file) : await askEngine(stack);
	try {
		return parseOutputs(text);
	} catch (error) {
		if (error instanceof OutputsError) throw new UserError(`${name}: ${error.message}`);
		throw error;
	}
}

async function readText(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw new UserError(`cannot read the outputs: ${messageOf(error)}`);
	}
}

function askEngine(stack: string | undefined): Promise<string> {
	const args = ["stack", "output", "--json", "--show-secrets", "--non-interactive", "--color", "never"];
	if (stack) args.push("--stack", stack);
	return new Promise((resolve, reject) => {
		execFile("pulumi", args, { maxBuffer: 256 << 20 }, (error, stdout, stderr) => {
			if (!error) return resolve(stdout);
			if (error.code === "ENOENT") return reject(new UserError("pulumi is not on PATH; npm start sets it up"));
			const said = stderr.trim().replace(/^error: /gm, "");
			const known = remedy(said);
			if (known) return reject(new UserError(known));
			reject(new UserError(`pulumi cannot give the stack's outputs: ${said || error.message}`));
		});
	});
}

/** What the engine says to what happens often, in words that name what to do; undefined for anything else. */
export function remedy(said: string): string | undefined {
	if (/incorrect passphrase/.test(said))
		return (
			"the passphrase does not open the stack's secrets: set PULUMI_CONFIG_PASSPHRASE to the right one; " +
			"of the local stack, write it into .leafline/passphrase, or begin anew with npm run down"
		);
	if (/unable to open state directory/.test(said))
		return (
			"the local stack is not up, or its folder .leafline was deleted: npm start brings it up. " +
			"Processes of a stack whose folder is gone are named by npm start where they hold its ports"
		);
	if (/PULUMI_ACCESS_TOKEN must be set/.test(said))
		return "the engine does not know where this stack's state is: npm run pulumi -- login tells it (docs/operations.md)";
	if (/the stack is currently locked/.test(said))
		return (
			"another update of this stack is under way: wait for its end, and run the same again. " +
			"Where none is, one was killed: npm run pulumi -- cancel takes its lock away"
		);
	const missing = /no stack named '([^']+)' found|stack '([^']+)' not found/.exec(said);
	const stack = missing?.[1] ?? missing?.[2];
	if (stack === undefined) return undefined;
	return `there is no stack ${stack}: npm start makes the local one, npm run pulumi -- stack ls lists the others`;
}
