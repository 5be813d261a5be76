/**
 * Starts and stops the processes of a local stack, for `@pulumi/command` and for people:
 *
 *     daemon start                      the document (DaemonDocument) as JSON on stdin, GENERATION in the environment
 *     daemon stop DIR [--remove]        --remove takes its folder away as well
 *     daemon again DIR                  ends it in order, and starts it as it was
 *     daemon status --root DIR          generations of all daemons in the folders of DIR, as JSON
 *     daemon stop-all DIR [--remove]
 */
import * as path from "node:path";
import { DaemonError, parseDocument } from "./document";
import { again, generations, start, stop, stopAll } from "./lifecycle";
import { generation } from "./record";

const USAGE = "usage: daemon start | stop DIR [--remove] | again DIR | status --root DIR | stop-all DIR [--remove]";

async function main(args: readonly string[]): Promise<void> {
	const [action, ...rest] = args;
	const remove = rest.includes("--remove");
	const [target] = rest.filter((arg) => !arg.startsWith("--"));
	if (action === "start") {
		const document = parseDocument(await readStdin());
		const wanted = Number(process.env.GENERATION) || generation(path.resolve(document.dir));
		await start(document, wanted);
		// The same text at every start, for what stands here becomes an output of a resource.
		console.log(`${document.name} is ready`);
	} else if (target === undefined) {
		throw new DaemonError(USAGE);
	} else if (action === "stop") {
		await stop(target, { remove });
	} else if (action === "again") {
		await again(target);
	} else if (action === "stop-all") {
		await stopAll(target, { remove });
	} else if (action === "status") {
		console.log(JSON.stringify(generations(target)));
	} else {
		throw new DaemonError(USAGE);
	}
}

async function readStdin(): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}

main(process.argv.slice(2)).catch((error: unknown) => {
	console.error(error instanceof DaemonError ? error.message : error);
	process.exitCode = 1;
});
