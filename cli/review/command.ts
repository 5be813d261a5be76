import { createReadStream, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { rules } from "../../policies/rules";
import { messageOf, UserError } from "../errors";
import { repositoryUrl } from "../repository";
import { toComment } from "./comment";
import { type ReviewEvent, readEvent } from "./events";
import { reviewOf } from "./review";

interface Options {
	readonly events: string;
	readonly stack?: string;
	readonly output?: string;
	readonly baseUrl?: string;
}

/** `leafline review`: exit code 0 when the change may be merged, 1 when not, 2 when the events cannot be read. */
export function addReview(leafline: Command): void {
	leafline
		.command("review")
		.description("Turn the engine's streaming preview into one comment for a pull request")
		.requiredOption("--events <file>", "events of the preview, - for standard input")
		.option("-s, --stack <stack>", "name of the stack (default: the one in the events)")
		.option("--output <file>", "where the comment goes (default: standard output)")
		.option("--base-url <url>", "where the repository's files are shown (default: GitHub's, in its workflows)")
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
		.action(async (options: Options) => {
			process.exitCode = await review(options);
		});
}

async function review({ events: file, stack, output, baseUrl }: Options): Promise<number> {
	let events: ReviewEvent[];
	try {
		events = await readEvents(file);
	} catch (error) {
		process.stderr.write(`leafline: ${messageOf(error)}\n`);
		return 2;
	}
	const result = reviewOf(events, rules, stack);
	const comment = toComment(result, baseUrl ?? repositoryUrl(process.env));
	if (output === undefined) process.stdout.write(comment);
	else writeFileSync(output, comment);
	return result.good ? 0 : 1;
}

/** Line by line: what is not wanted is never kept, nor written anywhere. */
async function readEvents(file: string): Promise<ReviewEvent[]> {
	const input = file === "-" ? process.stdin : createReadStream(file);
	const events: ReviewEvent[] = [];
	let lines = 0;
	try {
		for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
			lines++;
			const event = readEvent(line);
			if (event !== undefined) events.push(event);
		}
	} catch (error) {
		throw new UserError(`${file} cannot be read: ${messageOf(error)}`);
	}
	if (events.length > 0) return events;
	if (lines === 0) throw new UserError("there are no events: did the preview start?");
	throw new UserError(
		"these are no streaming events: run the preview with --json and PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1",
	);
}
