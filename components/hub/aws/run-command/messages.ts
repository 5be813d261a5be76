import { RunCommandError } from "./failure";
import type { Job } from "./job";
import type { Invocation, Ping } from "./model";
import { type Failure, nodeLines } from "./outcome";

/** Lines of the node that an error repeats: the last ones say why. */
const LAST_LINES = 20;

/** The node is not in Systems Manager, or no longer. */
export function notOnline(job: Job, ping: Ping | undefined, waitedMs: number): RunCommandError {
	const { instanceId, region } = job;
	const waited = `after ${Math.round(waitedMs / 1000)} s`;
	if (!ping) {
		return new RunCommandError(
			`${instanceId} has not registered with Systems Manager ${waited}.\n` +
				`If it runs, it does not reach ssm.${region}.amazonaws.com:443, or its role lacks AmazonSSMManagedInstanceCore; its boot log: ${aws(job, `ec2 get-console-output --latest --output text --instance-id ${instanceId}`)}\n` +
				"If it is gone, pulumi refresh and then pulumi up make a new one with the same address.",
		);
	}
	const heard = ping.last ? `; its agent was last heard at ${ping.last.toISOString()}` : "";
	return new RunCommandError(
		`${instanceId} is ${ping.status} in Systems Manager ${waited}${heard}.\n` +
			`Restart it: ${aws(job, `ec2 reboot-instances --instance-ids ${instanceId}`)}\n` +
			"Then run pulumi up again. If it is gone, pulumi refresh and then pulumi up make a new one with the same address.",
	);
}

/** The node was there when it was told, and vanished before it was done. */
export function lost(job: Job, commandId: string): RunCommandError {
	return new RunCommandError(
		`${job.instanceId} was lost while it ran ${job.document} (command ${commandId}): Systems Manager hears it no more.\n` +
			"No other node has been touched. Run pulumi up again when it is back; if it is gone, pulumi refresh and then pulumi up make a new one with the same address.",
	);
}

/** Systems Manager took the command and knows nothing of it. */
export function unknownCommand(job: Job, commandId: string): RunCommandError {
	return new RunCommandError(
		`Systems Manager knows nothing of the command ${commandId} (${job.document}) on ${job.instanceId}. Run pulumi up again.`,
	);
}

/** It still runs after the time that was given to it. */
export function tooLong(job: Job, commandId: string): RunCommandError {
	return new RunCommandError(
		`${job.instanceId} still runs ${job.document} (command ${commandId}) after ${job.doneWithinMs / 1000} s.\n` +
			`Look: ${aws(job, `ssm start-session --target ${job.instanceId}`)}, then journalctl -u leafline-node -u nats-hub\n` +
			"It goes on by itself; run pulumi up again when it is done.",
	);
}

const REASONS: Readonly<Record<Failure, (job: Job, exitCode: number) => string>> = {
	failed: (job, code) => `${job.instanceId} could not take the change: ${job.document} ended with code ${code}.`,
	stopped: (job) => `${job.instanceId} was not done with ${job.document} in the time that the document allows.`,
	undelivered: (job) =>
		`${job.document} was not delivered to ${job.instanceId}: its agent did not take it. Restart the instance: ${aws(job, `ec2 reboot-instances --instance-ids ${job.instanceId}`)}`,
	cancelled: (job) => `${job.document} on ${job.instanceId} was cancelled.`,
	refused: (job) => `The agent of ${job.instanceId} refused ${job.document}.`,
};

/** The node has said no, or nothing at all. */
export function failed(job: Job, commandId: string, failure: Failure, invocation: Invocation): RunCommandError {
	const lines = nodeLines(invocation).slice(-LAST_LINES);
	const said = lines.length > 0 ? ["Its last lines:", ...lines.map((line) => `  ${line}`)] : [];
	const more = aws(job, `ssm start-session --target ${job.instanceId}`);
	return new RunCommandError(
		[
			REASONS[failure](job, invocation.exitCode),
			...said,
			`No other node has been touched. More: ${more}, then journalctl -u leafline-node -u nats-hub (command ${commandId})`,
			"When the cause is removed, run pulumi up again.",
		].join("\n"),
	);
}

/** A command line of the AWS CLI, with the stack's region and profile. */
export function aws(job: Pick<Job, "region" | "profile">, rest: string): string {
	return `aws ${rest} --region ${job.region}${job.profile ? ` --profile ${job.profile}` : ""}`;
}
