import { headers, type MsgHdrs, type NatsConnection } from "nats";
import { openRawLeaf, type RawLeaf, type RawLeafOptions } from "../../support/raw-leaf";

/** A message, as somebody would have it sent. */
export interface Saying {
	readonly subject: string;
	readonly body?: string;
	readonly reply?: string;
	readonly headers?: Headers;
}

export interface Headers {
	/** What follows `NATS/1.0 `. */
	readonly status?: readonly [code: number, text: string];
	readonly fields?: readonly (readonly [name: string, value: string])[];
}

export interface Heard {
	readonly subject: string;
	readonly body: string;
}

/** How somebody speaks to a server. */
export interface Mouth {
	/** Says it, and waits until the server it speaks to has taken or refused it. */
	say(saying: Saying): Promise<"taken" | "refused">;
	/** Listens from now on; what comes is in `heard`. */
	listen(subject: string): Promise<"taken" | "refused">;
	readonly heard: readonly Heard[];
	close(): Promise<void>;
}

/** Speaks the leaf protocol itself. What it may not say ends the connection: it comes back and goes on. */
export async function rawMouth(options: RawLeafOptions, ears: readonly string[]): Promise<Mouth> {
	let old: Heard[] = [];
	let leaf: RawLeaf | undefined;
	const wanted = [...ears];
	const open = async () => {
		if (leaf && !leaf.closed) return leaf;
		old = [...old, ...(leaf?.messages ?? [])];
		leaf = await openRawLeaf(options);
		for (const ear of wanted) leaf.subscribe(ear);
		return leaf;
	};
	const judged = async (act: (leaf: RawLeaf) => void) => {
		const speaking = await open();
		act(speaking);
		return speaking.flush().then(
			() => "taken" as const,
			() => "refused" as const,
		);
	};
	await open();
	return {
		say: ({ subject, body, reply, headers: block }) =>
			judged((it) => it.publish(subject, body, reply, block && headerBlock(block))),
		async listen(subject) {
			const result = await judged((it) => it.subscribe(subject));
			if (result === "taken") wanted.push(subject);
			return result;
		},
		get heard() {
			return [...old, ...(leaf?.messages ?? [])];
		},
		close: async () => leaf?.close(),
	};
}

/** Through a server that speaks for it: as a client. */
export async function clientMouth(client: NatsConnection, ears: readonly string[]): Promise<Mouth> {
	const heard: Heard[] = [];
	const listen = async (subject: string) => {
		let refused = false;
		client.subscribe(subject, {
			callback: (error, message) => {
				if (error) refused = true;
				else heard.push({ subject: message.subject, body: message.string() });
			},
		});
		await client.flush();
		return refused ? "refused" : "taken";
	};
	for (const ear of ears) await listen(ear);
	return {
		async say({ subject, body = "", reply, headers: block }) {
			client.publish(subject, body, {
				...(reply !== undefined && { reply }),
				...(block && { headers: clientHeaders(block) }),
			});
			await client.flush();
			return "taken";
		},
		listen,
		heard,
		close: () => client.close(),
	};
}

/** The block of headers as it goes over the wire. */
export function headerBlock({ status, fields = [] }: Headers): string {
	const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	return `NATS/1.0${status ? ` ${status.join(" ")}` : ""}\r\n${lines}\r\n`;
}

function clientHeaders({ status, fields = [] }: Headers): MsgHdrs {
	const block = status ? headers(...status) : headers();
	for (const [name, value] of fields) block.append(name, value);
	return block;
}
