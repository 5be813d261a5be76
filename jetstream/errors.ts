/**
 * What can become of a question to JetStream. Each names who was asked, a device or the hub, and the call; none repeats
 * an answer, of which only `ApiError` shows a part, as text.
 */
export abstract class JetStreamError extends Error {
	/**
	 * @param who a device, or `hub`
	 * @param call for example `STREAM.INFO.truck-001_can`
	 */
	constructor(
		readonly who: string,
		readonly call: string,
		reason: string,
	) {
		super(`${who} ${call}: ${reason}`);
		this.name = new.target.name;
		// For users, to whom a trace says nothing.
		this.stack = "";
	}
}

/** It understood the request and refused it. */
export class ApiError extends JetStreamError {
	constructor(
		who: string,
		call: string,
		readonly code: number,
		readonly errCode: number,
		/** One line, printable. */
		readonly description: string,
	) {
		super(who, call, `${description} (${errCode})`);
	}
}

/** No answer: the request may or may not have been carried out. */
export class NoAnswer extends JetStreamError {
	constructor(
		who: string,
		call: string,
		readonly reason: string,
	) {
		super(who, call, reason);
	}
}

/** There is no way to it any more, and none comes back: nothing was asked. */
export class ConnectionEnded extends JetStreamError {
	constructor(who: string, call: string) {
		super(who, call, "the connection to it has ended: run the operation again");
	}
}

/** An answer that no server gives: who sends it is no nats-server, or one that somebody has changed. */
export class BadAnswer extends JetStreamError {
	constructor(
		who: string,
		call: string,
		/** What is wrong with it, without a word of it. */
		readonly reason: string,
	) {
		super(who, call, `its answer cannot be used: ${reason}`);
	}
}

/** Errors of the API that mean something to us (nats-server, `server/errors.json`). */
export const STREAM_NOT_FOUND = 10059;
export const CONSUMER_NOT_FOUND = 10014;
export const STREAM_NAME_IN_USE = 10058;
export const MESSAGE_NOT_FOUND = 10037;
export const CLUSTER_NOT_READY = 10008;
/** No node may take a stream or one of its copies; the reasons follow in the text, for example `peer offline`. */
export const NO_PEERS = 10005;
