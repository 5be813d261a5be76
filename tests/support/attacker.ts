import { randomUUID } from "node:crypto";
import { headers as emptyHeaders, Match, type MsgHdrs, type NatsConnection, type Subscription } from "nats";
import { openRawLeaf, type RawLeafOptions } from "./raw-leaf";

/** Somebody with the credentials of one device, who tries what that device must not do. */
export interface Attacker {
	/** @param headers a whole block, see `flowControlRequest` and `stalledOn` */
	publish(subject: string, body?: string, reply?: string, headers?: string): Promise<void>;
	/** Starts to listen; the result tells what was heard since then, as `<subject> <payload>`. */
	listen(subject: string): Promise<() => string[]>;
	close(): void;
}

/** Through the device's own server, as whoever has the device and every key on it. */
export function onDevice(client: NatsConnection): Attacker {
	const subscriptions: Subscription[] = [];
	return {
		async publish(subject, body = "", reply, headers) {
			const options = { ...(reply !== undefined && { reply }), ...(headers && { headers: parsed(headers) }) };
			client.publish(subject, body, options);
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
		publish: (subject, body, reply, headers) => send(() => leaf.publish(subject, body, reply, headers)),
		async listen(subject) {
			await send(() => leaf.subscribe(subject));
			const listening = leaf;
			return () => listening.messages.map((message) => `${message.subject} ${message.body}`);
		},
		close: () => leaf.close(),
	};
}

/** The headers by which a consumer asks whom it delivers to for flow control; the answer goes to the message's reply. */
export const flowControlRequest = "NATS/1.0 100 FlowControl Request\r\n\r\n";

/** The headers of a heartbeat by which a consumer says that it waits for an answer to its request. */
export function stalledOn(subject: string, name = "Nats-Consumer-Stalled"): string {
	return `NATS/1.0 100 Idle Heartbeat\r\n${name}: ${subject}\r\n\r\n`;
}

/** For a client that writes its headers itself. */
function parsed(block: string): MsgHdrs {
	const [status = "", ...fields] = block.trimEnd().split("\r\n");
	const [, code, description] = /^NATS\/1\.0 (\d+) (.*)$/.exec(status) ?? [];
	// The library's type does not tell that a status may be given.
	const made = (emptyHeaders as (code?: number, description?: string) => MsgHdrs)(Number(code), description);
	for (const field of fields) {
		const [name = "", value = ""] = field.split(/: ?(.*)/s);
		made.append(name, value, Match.Exact);
	}
	return made;
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
