import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";

/** A way to the hub whose first connections are lost with the first word that the hub says by TLS. */
function lossyWay(port: number, losses: number): { readonly server: Server; readonly accepted: () => number } {
	let accepted = 0;
	const server = createServer((device: Socket) => {
		const lost = ++accepted <= losses;
		const hub = connect(port, "127.0.0.1");
		for (const [one, other] of [[device, hub] as const, [hub, device] as const]) {
			one.on("error", () => {});
			one.on("close", () => other.destroy());
		}
		let spoken = 0;
		device.on("data", (data) => {
			spoken++;
			hub.write(data);
		});
		hub.on("data", (data) => {
			// The device has read it, and what it answers meets a connection that is not there.
			device.write(data);
			if (lost && spoken >= 2) device.resetAndDestroy();
		});
	});
	return { server, accepted: () => accepted };
}

/** Not each of them is lost at the moment in question: the device may not have read it yet. */
const LOSSES = 5;
/** It tries again within 2 s where it tries at all. */
const GIVEN_UP_MS = 10_000;
const UNTIL_REACHED_MS = 60_000;

let bench: Bench | undefined;
let way: ReturnType<typeof lossyWay> | undefined;
afterEach(async () => {
	await bench?.close();
	way?.server.close();
});

/** A device whose first links break a moment after they were there. */
async function device(losses: number, program?: string) {
	bench = await startBench();
	const lossy = lossyWay(bench.hubs[0]?.ports.leaf ?? 0, losses);
	way = lossy;
	const port = await new Promise<number>((done) => {
		lossy.server.listen(0, "127.0.0.1", () => done((lossy.server.address() as { port: number }).port));
	});
	// Its own wait is too short for so many tries on a busy machine.
	bench.startEdge("edge1", { urls: [`tls://127.0.0.1:${port}`], ...(program && { program }) }).catch(() => {});
	return { bench, accepted: lossy.accepted };
}

test("a link that breaks a moment after it was there: leafline's server connects anew", async () => {
	const { bench, accepted } = await device(LOSSES);
	await eventually(() => bench.api("edge1", "INFO"), { what: "the hub reaches edge1", within: UNTIL_REACHED_MS });
	expect(accepted()).toBeGreaterThan(LOSSES);
}, 120_000);

test("a link that breaks a moment after it was there: the official server is never heard of again", async () => {
	const { accepted } = await device(Number.POSITIVE_INFINITY, await officialServer());
	let [tries, since] = [0, Date.now()];
	const givenUp = () => {
		if (accepted() !== tries) [tries, since] = [accepted(), Date.now()];
		return tries > 0 && Date.now() - since > GIVEN_UP_MS;
	};
	await eventually(givenUp, { what: "it does not try again", within: 90_000 });
}, 150_000);
