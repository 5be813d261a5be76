/** Reads a stream of the hub, in one of the ways that clients have: fetch, ordered, get. */
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const {
	STREAM = "",
	CONSUMER = "",
	INBOX = "",
	COUNT = "0",
	NATS_URL = "",
	NATS_CREDS = "",
	MODULES = "",
} = process.env;
const nats = createRequire(`${MODULES}/`)("nats");
const HEADER = "Nats-Stream-Source";

/** @param {string} way */
async function main(way) {
	const count = Number(COUNT);
	const connection = await nats.connect({
		servers: NATS_URL,
		authenticator: nats.credsAuthenticator(readFileSync(NATS_CREDS)),
		...(way === "fetch" && { inboxPrefix: INBOX }),
	});
	const jetstream = connection.jetstream();
	let read = 0;
	if (way === "fetch") {
		for (let tries = 0; read < count && tries < 10; tries++) {
			for await (const message of jetstream.fetch(STREAM, CONSUMER, { batch: 25, expires: 1000 })) {
				read += message.headers.has(HEADER) ? 1 : 0;
				message.ack();
			}
		}
	} else if (way === "get") {
		const manager = await connection.jetstreamManager();
		for (let seq = 1; seq <= count; seq++) {
			read += (await manager.streams.getMessage(STREAM, { seq })).header.has(HEADER) ? 1 : 0;
		}
	} else {
		const options = nats.consumerOpts();
		options.orderedConsumer();
		options.bindStream(STREAM);
		const subscription = await jetstream.subscribe(">", options);
		for await (const message of subscription) {
			read += message.headers.has(HEADER) ? 1 : 0;
			if (read === count) break;
		}
	}
	await connection.flush();
	await connection.close();
	return read;
}

main(process.argv[2] ?? "").then(
	(read) => process.stdout.write(`read ${read}\n`, () => process.exit(0)),
	(error) => process.stderr.write(`${error}\n`, () => process.exit(1)),
);
setTimeout(() => process.exit(2), 12_000);
