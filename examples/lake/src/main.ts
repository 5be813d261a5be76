import { setTimeout } from "node:timers/promises";
import { connect, credsAuthenticator } from "nats";
import { writeLake } from "./lake.js";
import { TakenOver } from "./ledger.js";
import { readSettings, type Settings } from "./settings.js";
import { openStore } from "./store.js";

/** Before it is tried again, in milliseconds. */
const PAUSE = 1_000;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

main(process.argv.slice(2)).catch((error: Error) => {
	console.error(error.message);
	process.exitCode = error instanceof TakenOver ? 3 : 1;
});

/** Whatever goes wrong, all of it is begun anew from what is in the lake: there is no other way to go on. */
async function main(args: string[]): Promise<void> {
	const settings = readSettings(args);
	while (!stop.signal.aborted) {
		try {
			await once(settings);
		} catch (error) {
			if (error instanceof TakenOver) throw error;
			console.error(`${(error as Error).message}; tries again`);
			await setTimeout(PAUSE, undefined, { signal: stop.signal }).catch(() => {});
		}
	}
}

async function once(settings: Settings): Promise<void> {
	const store = await openStore(settings.target);
	const nc = await connect({
		servers: settings.urls,
		authenticator: credsAuthenticator(new TextEncoder().encode(settings.credentials)),
		// A reader hears its own replies only.
		inboxPrefix: `_INBOX_${settings.consumer}`,
		reconnect: false,
		...(settings.ca !== undefined && { tls: { ca: settings.ca } }),
	});
	const say = (stream: string) => (what: string) => console.log(`${stream}: ${what}`);
	const lakes = settings.streams.map(async (stream) => {
		try {
			await writeLake(nc, { ...settings, store, stream, stop: stop.signal, say: say(stream) });
		} finally {
			// The others end with it: none may still write when all of it begins anew.
			if (!stop.signal.aborted) await nc.close();
		}
	});
	const ended = await Promise.allSettled(lakes);
	await nc.close();
	const failed = ended.filter((each) => each.status === "rejected").map(({ reason }) => reason as Error);
	const [first = undefined] = [...failed.filter((error) => error instanceof TakenOver), ...failed];
	if (first !== undefined) throw first;
}
