import { createInbox, type Msg, type NatsConnection } from "nats";
import { foreign } from "../config/printable";

const END_OF_BATCH = 204;
const NOT_FOUND = 404;

/**
 * What a stream answers to one `DIRECT.GET` of several messages, up to the mark of its end, which comes as well. Read so
 * and not through a consumer, whose making is a request that the journal keeps.
 * @param timeoutMs from one message to the next
 * @throws Error when it stops before that
 */
export async function* directGet(
	connection: NatsConnection,
	subject: string,
	body: object,
	timeoutMs: number,
): AsyncGenerator<Msg> {
	const inbox = createInbox();
	const subscription = connection.subscribe(inbox);
	const late = setTimeout(() => subscription.unsubscribe(), timeoutMs);
	connection.publish(subject, JSON.stringify(body), { reply: inbox });
	try {
		for await (const message of subscription) {
			const { code = 0, description = "" } = message.headers ?? {};
			if (code === NOT_FOUND) return;
			if (code >= 400) throw new Error(foreign(description) || `it answers ${code}`);
			yield message;
			if (code === END_OF_BATCH) return;
			late.refresh();
		}
		throw new Error(`no answer within ${timeoutMs / 1000} s`);
	} finally {
		clearTimeout(late);
		subscription.unsubscribe();
	}
}
