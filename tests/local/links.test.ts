import { afterEach, describe, expect, it } from "vitest";
import { bench, closeAll, connect, drained, isReset, open, randomBytes, settled } from "./peers";
import { eventually } from "./scripts";

afterEach(closeAll);

describe("a link that is up", () => {
	it("passes bytes unchanged and counts them each way", async () => {
		const { device, hub, link } = await bench({});
		const sent = randomBytes(3_000_000);
		device.write(sent);
		await eventually(() => hub.received().length >= sent.length, "all bytes at the hub");
		hub.write(sent.subarray(0, 100_000));
		await eventually(() => device.received().length >= 100_000, "all bytes at the device");
		expect(hub.received().equals(sent)).toBe(true);
		expect(device.received().equals(sent.subarray(0, 100_000))).toBe(true);
		expect(link.state()).toMatchObject({
			mode: "up",
			upBytes: 3_000_000,
			downBytes: 100_000,
			connections: 1,
			accepted: 1,
		});
	});

	it("passes the end of each direction on, after the last byte", async () => {
		const { device, hub, link } = await bench({ upBytesPerSecond: 100_000, rttMs: 40 });
		device.end(randomBytes(20_000));
		await eventually(() => hub.ended(), "the end at the hub");
		expect(hub.received().length).toBe(20_000);
		expect(device.ended()).toBe(false);
		hub.end(randomBytes(10));
		await eventually(() => device.ended(), "the end at the device");
		expect(device.received().length).toBe(10);
		await eventually(() => link.state().connections === 0, "no connection");
	});

	it("stops reading from a fast sender while the receiver does not read", async () => {
		const { device, hub, link } = await bench({});
		hub.pause();
		const block = Buffer.alloc(1024 * 1024);
		let written = 0;
		for (; written < 200 && device.write(block); written++);
		while (written < 200 && !(await drained(device.socket))) written++;
		await settled(() => link.state().upBytes);
		// Two sockets' buffers on each side and nothing of ours: far from the 200 MiB of an unbounded queue.
		expect(link.state().upBytes).toBeLessThan(64 * 1024 * 1024);
	});

	it("has a way to each node of the hub, and they share its bandwidth, its figures and its fate", async () => {
		const { device, hub, link } = await bench({ upBytesPerSecond: 400_000 }, { firstIsDead: true });
		expect(link.ports).toHaveLength(2);
		const lost = await connect(link.port);
		await eventually(() => lost.reset(), "a reset by the way to a node that is down");
		device.write(randomBytes(40_000));
		await eventually(() => hub.received().length === 40_000, "all bytes at the other node");
		expect(link.state()).toMatchObject({ upBytes: 40_000, connections: 1, accepted: 2 });
		link.set({ mode: "cut" });
		await eventually(() => device.reset(), "a reset by the cut");
		expect(await Promise.all(link.ports.map(isReset))).toEqual([true, true]);
	});

	it("resets the device when nobody listens at the hub", async () => {
		const link = await open({ target: { host: "127.0.0.1", port: 1 } });
		const device = await connect(link.port);
		await eventually(() => device.reset(), "a reset");
	});
});

describe("a slow link", () => {
	it("takes at least bytes / rate, and not much longer, in each direction", async () => {
		const { device, hub } = await bench({ upBytesPerSecond: 400_000, downBytesPerSecond: 200_000 });
		const start = performance.now();
		device.write(randomBytes(400_000));
		hub.write(randomBytes(200_000));
		await eventually(() => hub.received().length === 400_000 && device.received().length === 200_000, "all bytes");
		const seconds = (performance.now() - start) / 1000;
		expect(seconds).toBeGreaterThanOrEqual(0.99);
		expect(seconds).toBeLessThan(3);
	});

	it("is shared by all connections of a device", async () => {
		const { device, hub, link } = await bench({ upBytesPerSecond: 400_000 });
		const second = await connect(link.port);
		const start = performance.now();
		device.write(randomBytes(200_000));
		second.write(randomBytes(200_000));
		await eventually(() => link.state().upBytes === 400_000, "all bytes");
		expect(performance.now() - start).toBeGreaterThanOrEqual(990);
		expect(hub.received().length).toBe(200_000);
	});

	it("delays each direction by half of the round trip, in order", async () => {
		const { device, hub } = await bench({ rttMs: 200 });
		const start = performance.now();
		const sent = randomBytes(300_000);
		for (let at = 0; at < sent.length; at += 1_000) device.write(sent.subarray(at, at + 1_000));
		await eventually(() => hub.received().length > 0, "the first byte at the hub");
		expect(performance.now() - start).toBeGreaterThanOrEqual(99);
		await eventually(() => hub.received().length === sent.length, "all bytes at the hub");
		expect(hub.received().equals(sent)).toBe(true);
		const back = performance.now();
		hub.write(Buffer.from("x"));
		await eventually(() => device.received().length === 1, "the answer");
		expect(performance.now() - back).toBeGreaterThanOrEqual(99);
	});

	it("keeps the order when it is made fast in the middle", async () => {
		const { device, hub, link } = await bench({ upBytesPerSecond: 100_000, rttMs: 100 });
		const sent = randomBytes(200_000);
		device.write(sent.subarray(0, 100_000));
		await eventually(() => hub.received().length > 10_000, "the first bytes");
		link.set({ shape: {} });
		device.write(sent.subarray(100_000));
		await eventually(() => hub.received().length === sent.length, "all bytes");
		expect(hub.received().equals(sent)).toBe(true);
	});
});

describe("a link that is cut", () => {
	it("resets both ends and every new connection, until it is restored", async () => {
		const { device, hub, link } = await bench({});
		const before = Date.now();
		const state = link.set({ mode: "cut" });
		expect(state).toMatchObject({ mode: "cut", connections: 0 });
		expect(state.since).toBeGreaterThanOrEqual(before);
		await eventually(() => device.reset() && hub.reset(), "a reset at both ends");
		expect(await isReset(link.port)).toBe(true);
		link.set({ mode: "up" });
		const again = await connect(link.port);
		again.write(Buffer.from("x"));
		await eventually(() => link.state().upBytes === 1, "a byte through the restored link");
	});
});

describe("a link that is half-open", () => {
	it("swallows every byte and every end, without a sign to either side", async () => {
		const { device, hub, link } = await bench({});
		device.write(Buffer.from("before"));
		await eventually(() => hub.received().length === 6, "the bytes before");
		link.set({ mode: "half-open" });
		device.end(randomBytes(500_000));
		hub.write(randomBytes(500_000));
		await eventually(() => device.socket.writableFinished, "the device's bytes on their way");
		await eventually(() => hub.socket.writableLength === 0, "the hub's bytes on their way");
		// Time for anything that should not arrive: the link itself needs no more than a millisecond.
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect([hub.received().length, device.received().length]).toEqual([6, 0]);
		expect([hub.ended(), device.ended(), hub.reset(), device.reset()]).toEqual([false, false, false, false]);
		expect(link.state()).toMatchObject({ upBytes: 6, downBytes: 0, connections: 1 });
	});

	it("swallows what was on its way", async () => {
		const { device, hub, link } = await bench({ rttMs: 1_000 });
		device.write(Buffer.from("lost"));
		await new Promise((resolve) => setTimeout(resolve, 100));
		link.set({ mode: "half-open" });
		await new Promise((resolve) => setTimeout(resolve, 600));
		expect(hub.received().length).toBe(0);
	});

	it("accepts new connections that lead nowhere, and resets all of them when it is restored", async () => {
		const { device, hub, link } = await bench({});
		link.set({ mode: "half-open" });
		const dead = await connect(link.port);
		dead.write(Buffer.from("hello"));
		await eventually(() => link.state().connections === 2, "the new connection");
		expect(link.state().upBytes).toBe(0);
		link.set({ mode: "up" });
		await eventually(() => dead.reset() && device.reset() && hub.reset(), "a reset of all");
		expect(link.state().connections).toBe(0);
	});
});

describe("closing", () => {
	it("resets the connections and frees the port", async () => {
		const { device, link } = await bench({});
		await link.close();
		await eventually(() => device.reset(), "a reset");
		await open({ listen: link.port });
	});
});
