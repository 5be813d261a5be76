import { Command } from "commander";
import { explain } from "./errors";
import { switchLink } from "./links";
import { loadOutputs } from "./outputs";
import { status } from "./status";

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
		.action(async (options: Common & { json?: boolean; watch?: boolean }) => {
			process.exitCode = await status(await outputs(options), options);
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
	return leafline;
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
	try {
		await program().parseAsync();
	} catch (error) {
		process.stderr.write(`${explain(error)}\n`);
		process.exitCode = 1;
	}
}

void main();
