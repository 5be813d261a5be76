import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isReady } from "../../components/daemon/ready";

const servers: http.Server[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) server.close();
});

/** The monitoring of a node: `healthy` has everything, `waiting` runs, `starting` has no JetStream yet. */
async function node(state: "healthy" | "waiting" | "starting"): Promise<string> {
	const server = http.createServer(({ url = "" }, response) => {
		const good = state === "healthy" || (state === "waiting" && url.endsWith("?js-enabled-only=true"));
		response.writeHead(url.startsWith("/healthz") && good ? 200 : 503).end();
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Nobody listens there. */
const DOWN = "http://127.0.0.1:1";

describe("a node of a cluster is ready", () => {
	it.each([
		["it has everything, whatever the others do", "healthy", [DOWN, DOWN], true],
		["it runs and is the first of three", "waiting", [DOWN, DOWN], true],
		["it runs and has a majority, but not yet everything", "waiting", ["waiting", DOWN], false],
		["it was restarted, and is not current yet", "waiting", ["healthy", "healthy"], false],
		["it does not run yet", "starting", [DOWN, DOWN], false],
	] as const)("when %s: %s among %j → %s", async (_, own, others, ready) => {
		const urls = await Promise.all(others.map((other) => (other === DOWN ? DOWN : node(other))));
		expect(await isReady(".", { monitor: await node(own), others: urls })).toBe(ready);
	});
});
