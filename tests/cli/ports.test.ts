import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { isLoopback, listenersOf, parseListeners, portsVerdict } from "../../cli/demo/ports";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1CFE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0000 100 0 0 10 0
   1: 00000000:107E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0000 100 0 0 10 0
   2: 0100007F:C350 0100007F:1CFE 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0000 100 0 0 10 0
`;
const TABLE6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 444 1
   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 555 1
   2: 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 666 1
`;

const servers: Server[] = [];
afterEach(async () => {
	await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

async function listen(address: string): Promise<number> {
	const server = createServer();
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, address, done));
	return (server.address() as { port: number }).port;
}

test("listening sockets are read from the kernel's tables", () => {
	expect(parseListeners(TABLE)).toEqual([
		{ address: "127.0.0.1", port: 7422, inode: "111" },
		{ address: "0.0.0.0", port: 4222, inode: "222" },
	]);
	expect(parseListeners(TABLE6).map(({ address, port }) => [isLoopback(address), port])).toEqual([
		[true, 8080],
		[true, 8081],
		[false, 8082],
	]);
	expect(parseListeners("")).toEqual([]);
});

test("the line is said only where it is true", () => {
	const leaf = { address: "0.0.0.0", port: 7422 };
	expect(portsVerdict([7422], [leaf, { address: "127.0.0.1", port: 4222 }])).toEqual({
		line: "leaf port 7422; all others on loopback",
		open: [],
	});
	const client = { address: "0.0.0.0", port: 4222 };
	expect(portsVerdict([7422], [leaf, client])).toEqual({
		line: "leaf port 7422; open to others as well: 4222 on 0.0.0.0",
		open: [client],
	});
});

test.runIf(process.platform === "linux")("a process is known by one of its ports, with all the others", async () => {
	const leaf = await listen("127.0.0.1");
	const other = await listen("127.0.0.1");
	const open = await listen("0.0.0.0");
	const found = listenersOf([leaf], []) ?? [];
	expect(found).toEqual(
		expect.arrayContaining([
			{ address: "127.0.0.1", port: leaf },
			{ address: "127.0.0.1", port: other },
			{ address: "0.0.0.0", port: open },
		]),
	);
	expect(portsVerdict([leaf], found).open).toContainEqual({ address: "0.0.0.0", port: open });
});

test("a port that nobody listens on tells nothing", () => {
	expect(listenersOf([1], [])).toBeUndefined();
});
