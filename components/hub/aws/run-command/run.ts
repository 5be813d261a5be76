import { explain } from "./explain";
import type { Job } from "./job";
import { failed, lost, notOnline, tooLong, unknownCommand } from "./messages";
import type { Ping, Ssm } from "./model";
import { nodeLines, outcomeOf } from "./outcome";

/** A line about the wait for something that takes its time. */
const SAY_EVERY_MS = 30_000;

/** How long Systems Manager may know nothing of a command, or of an instance, that it has just told us of. */
const SETTLE_MS = 60_000;

/** Whether the node is still there; its loss shows after five minutes of silence. */
const LOOK_EVERY_MS = 60_000;

export interface Surroundings {
	readonly ssm: Ssm;
	/** Shows a line to who waits. */
	readonly say: (line: string) => void;
}

/**
 * Waits for the node, runs the document on it, and gives the node's lines when it has succeeded.
 * @throws RunCommandError in every case that a person can act on
 */
export async function runDocument(job: Job, { ssm, say }: Surroundings): Promise<string[]> {
	let commandId: string | undefined;
	try {
		commandId = await send(job, ssm, say);
		return await follow(job, commandId, ssm, say);
	} catch (error) {
		throw explain(error, job, commandId);
	}
}

async function send(job: Job, ssm: Ssm, say: (line: string) => void): Promise<string> {
	await waitOnline(job, ssm, say);
	const since = Date.now();
	for (;;) {
		try {
			return await ssm.send(job.instanceId, job.document, job.parameters);
		} catch (error) {
			// An instance can be listed some seconds before commands are taken for it.
			const { name } = error as Error;
			if (name !== "InvalidInstanceId" || Date.now() - since >= Math.min(SETTLE_MS, job.onlineWithinMs)) throw error;
			await sleep(job.pollMs);
		}
	}
}

async function waitOnline(job: Job, ssm: Ssm, say: (line: string) => void): Promise<void> {
	const since = Date.now();
	let said = since;
	for (;;) {
		const ping = await ssm.ping(job.instanceId);
		if (ping?.status === "Online") return;
		const waited = Date.now() - since;
		if (waited >= job.onlineWithinMs) throw notOnline(job, ping, waited);
		if (Date.now() - said >= SAY_EVERY_MS) {
			said = Date.now();
			say(`waiting for ${job.instanceId} to appear in Systems Manager${state(ping)}, ${seconds(waited)}`);
		}
		await sleep(job.pollMs);
	}
}

async function follow(job: Job, commandId: string, ssm: Ssm, say: (line: string) => void): Promise<string[]> {
	const since = Date.now();
	let said = since;
	let looked = since;
	for (;;) {
		const invocation = await ssm.invocation(commandId, job.instanceId);
		if (invocation) {
			const outcome = outcomeOf(invocation);
			if (outcome === "succeeded") return nodeLines(invocation);
			if (outcome !== "running") throw failed(job, commandId, outcome, invocation);
		}
		const waited = Date.now() - since;
		if (!invocation && waited >= Math.min(SETTLE_MS, job.doneWithinMs)) throw unknownCommand(job, commandId);
		if (waited >= job.doneWithinMs) throw tooLong(job, commandId);
		if (Date.now() - looked >= Math.min(LOOK_EVERY_MS, 10 * job.pollMs)) {
			looked = Date.now();
			const ping = await ssm.ping(job.instanceId);
			if (ping?.status !== "Online") throw lost(job, commandId);
		}
		if (Date.now() - said >= SAY_EVERY_MS) {
			said = Date.now();
			say(`${job.instanceId} runs ${job.document}, ${seconds(waited)}`);
		}
		await sleep(job.pollMs);
	}
}

const state = (ping: Ping | undefined) => (ping ? ` (${ping.status})` : "");
const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
