import { eventually } from "../../support/eventually";
import { VICTIM } from "../matrix/fleet";
import type { Stage } from "../matrix/stage";

/** Another device's data, which flows while somebody else speaks. */
export interface Flow {
	/** Messages that the device's own server has acknowledged. */
	sent(): number;
	/** Ends it, waits until the hub has all, and tells what is missing, twice or out of order there. */
	stop(): Promise<string[]>;
}

const SUBJECT = "vehicle.flow";
const PAUSE_MS = 20;

/** Starts to publish numbers on the victim, one after the other. */
export async function startFlow(stage: Stage): Promise<Flow> {
	const { client } = stage.edges[VICTIM] ?? {};
	if (!client) throw new Error(`there is no ${VICTIM}`);
	let sent = 0;
	let going = true;
	const flowing = (async () => {
		while (going) {
			await client.jetstream().publish(SUBJECT, String(sent), { timeout: 20_000 });
			sent++;
			await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
		}
	})();
	return {
		sent: () => sent,
		async stop() {
			going = false;
			await flowing;
			return verdict(stage, sent);
		},
	};
}

async function verdict({ insider }: Stage, sent: number): Promise<string[]> {
	let arrived: number[] = [];
	const complete = async () => {
		arrived = await readBack(insider);
		return arrived.length >= sent;
	};
	const wrong: string[] = [];
	await eventually(complete, { what: `${sent} messages at the hub`, within: 90_000 }).catch((error) =>
		wrong.push(String(error)),
	);
	const at = arrived.findIndex((number, place) => number !== place);
	if (at >= 0) wrong.push(`message ${arrived[at]} stands at the hub where ${at} belongs`);
	if (arrived.length > sent) wrong.push(`${arrived.length} messages are at the hub, and ${sent} were sent`);
	return wrong;
}

/** Numbers that the hub has under the true device's stream, whatever their subject: its header names that. */
async function readBack(insider: Stage["insider"]): Promise<number[]> {
	const consumer = await insider.jetstream().consumers.get("hub_can");
	const { num_pending } = await consumer.info(true);
	const numbers: number[] = [];
	if (num_pending === 0) return numbers;
	let left = num_pending;
	const messages = await consumer.consume();
	for await (const message of messages) {
		const origin = message.headers?.get("Nats-Stream-Source") ?? "";
		if (origin.startsWith(`${VICTIM}_can`) && message.subject.endsWith(SUBJECT)) numbers.push(Number(message.string()));
		if (--left === 0) break;
	}
	await messages.close();
	return numbers;
}
