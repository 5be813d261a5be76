import { randomUUID } from "node:crypto";
import type { NatsConnection, Subscription } from "nats";
import { openRawLeaf, type RawLeafOptions } from "./raw-leaf";

/** Somebody with the credentials of one device, who tries what that device must not do. */
export interface Attacker {
	publish(subject: string, body?: string, reply?: string): Promise<void>;
	/** Starts to listen; the result tells what was heard since then, as `<subject> <payload>`. */
	listen(subject: string): Promise<() => string[]>;
	close(): void;
}

/** Through the device's own server, as a program on the device. */
export function onDevice(client: NatsConnection): Attacker {
	const subscriptions: Subscription[] = [];
	return {
		async publish(subject, body = "", reply) {
			client.publish(subject, body, reply === undefined ? {} : { reply });
			await client.flush();
		},
		async listen(subject) {
			const heard: string[] = [];
			const callback = (error: Error | null, message: { subject: string; string(): string }) => {
				if (!error) heard.push(`${message.subject} ${message.string()}`);
			};
			subscriptions.push(client.subscribe(subject, { callback }));
			await client.flush();
			return () => heard;
		},
		close() {
			for (const subscription of subscriptions) subscription.unsubscribe();
		},
	};
}

/** With a leaf connection of its own. When the hub closes it for what it tried, it comes back and goes on. */
export async function onWire(options: RawLeafOptions): Promise<Attacker> {
	let leaf = await openRawLeaf(options);
	const send = async (act: () => void) => {
		if (leaf.closed) leaf = await openRawLeaf(options);
		act();
		await leaf.flush().catch(() => {});
	};
	return {
		publish: (subject, body, reply) => send(() => leaf.publish(subject, body, reply)),
		async listen(subject) {
			await send(() => leaf.subscribe(subject));
			const listening = leaf;
			return () => listening.messages.map((message) => `${message.subject} ${message.body}`);
		},
		close: () => leaf.close(),
	};
}

/** How long an attack may take to show an effect. What succeeds in the open variants, does so within this time. */
export const EFFECT_MS = 700;

/** Whether something becomes true in the time that an attack has. */
export async function happens(ask: () => boolean | Promise<boolean>): Promise<boolean> {
	const deadline = Date.now() + EFFECT_MS;
	for (;;) {
		if (await ask()) return true;
		if (Date.now() >= deadline) return false;
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

/**
 * Sends a request and waits for a reply that is not an error; undefined without one.
 * @param inbox prefix of the reply's subject: one that the attacker may hear, or the attempt would prove nothing
 */
export async function attemptRequest(
	attacker: Attacker,
	subject: string,
	body: string,
	inbox: string,
): Promise<string | undefined> {
	const reply = `${inbox}.${randomUUID()}`;
	const heard = await attacker.listen(reply);
	await attacker.publish(subject, body, reply);
	const good = () => heard().find((text) => text.includes('"type"') && !text.includes('"error"'));
	await happens(() => good() !== undefined);
	return good();
}
