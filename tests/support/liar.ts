import { openRawLeaf, type RawLeaf, type RawLeafOptions } from "./raw-leaf";

/** What is answered to a call such as `STREAM.INFO.edge4_can`: nothing, once, or several times. */
export type Lie = (call: string, body: string) => Promise<readonly string[]> | readonly string[];

/** Somebody with a device's credentials who answers in the place of its JetStream. */
export interface Liar {
	/** Calls that it was asked, in order. */
	readonly asked: readonly string[];
	tell(lie: Lie): void;
	close(): void;
}

/** A connection that the hub closes, for an answer that is too big, is made anew. */
export async function startLiar(options: Omit<RawLeafOptions, "onMessage">): Promise<Liar> {
	const asked: string[] = [];
	const prefix = `$JS.${options.name}.API.`;
	let lie: Lie = () => [];
	let leaf: RawLeaf | undefined;
	let closed = false;
	const answer = async (subject: string, reply: string | undefined, body: string) => {
		if (!subject.startsWith(prefix) || reply === undefined) return;
		const call = subject.slice(prefix.length);
		asked.push(call);
		// Between accounts a request has headers, of who sent it.
		const plain = body.startsWith("NATS/1.0") ? body.slice(body.indexOf("\r\n\r\n") + 4) : body;
		for (const text of await lie(call, plain)) leaf?.publish(reply, text);
	};
	const open = async () => {
		leaf = await openRawLeaf({
			...options,
			onMessage: ({ subject, reply, body }) => void answer(subject, reply, body),
		});
		leaf.subscribe(`${prefix}>`);
		await leaf.flush();
	};
	await open();
	const watch = setInterval(() => {
		if (!closed && leaf?.closed) void open().catch(() => {});
	}, 200);
	return {
		asked,
		tell: (next) => {
			lie = next;
		},
		close: () => {
			closed = true;
			clearInterval(watch);
			leaf?.close();
		},
	};
}
