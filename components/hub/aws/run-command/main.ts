/**
 * Lets a node take what has changed, through SSM Run Command, and waits until it has. `@pulumi/command` runs it:
 *
 *     INSTANCE_ID=i-… DOCUMENT=… AWS_REGION=… node bin/components/hub/aws/run-command/main.js
 *
 * Its input is the environment (job.ts), and nothing of it is secret. It prints the node's lines and ends with 0, or one
 * message on stderr and ends with 1.
 */
import { RunCommandError } from "./failure";
import { readJob } from "./job";
import { runDocument } from "./run";
import { connectSsm } from "./ssm";

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
	const job = readJob(process.env);
	// The SDK's advice about Node's version would stand among the node's lines.
	process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
	const ssm = connectSsm(job);
	try {
		for (const line of await runDocument(job, { ssm, say })) say(line);
	} finally {
		ssm.close();
	}
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof RunCommandError ? error.message : (error as Error).stack}\n`);
	process.exitCode = 1;
});
