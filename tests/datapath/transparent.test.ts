import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMALL_FLEET } from "../support/fleets";
import { goBuild, hasGo } from "../support/go-build";
import { type Rig, startRig } from "../support/rig";

describe("a program on a device that knows nothing of leafline", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(SMALL_FLEET);
	});
	afterAll(() => rig?.close());

	it("publishes vehicle.sensor without credentials, and it is on the hub under its device and class", async () => {
		for (const name of ["edge1", "edge2"]) {
			const program = await connect({ servers: `127.0.0.1:${rig.device(name).port}` });
			program.publish("vehicle.sensor", `from ${name}`);
			await program.drain();
		}
		await rig.arrived("hub_sensor", 2);

		const found: Record<string, unknown> = {};
		for (const seq of [1, 2]) {
			const { message } = await rig.bench.api("hub", "STREAM.MSG.GET.hub_sensor", { seq });
			const { subject, hdrs, data } = message as { subject: string; hdrs: string; data: string };
			const origin = /Nats-Stream-Source: (\S+?):/.exec(Buffer.from(hdrs, "base64").toString())?.[1];
			found[Buffer.from(data, "base64").toString()] = { subject, origin };
		}
		expect(found).toEqual({
			"from edge1": { subject: "edge1.sensor.vehicle.sensor", origin: "edge1_sensor" },
			"from edge2": { subject: "edge2.sensor.vehicle.sensor", origin: "edge2_sensor" },
		});
	});

	it("has a header on the hub that old clients read: six words between spaces, of characters that can be printed", async () => {
		const { message } = await rig.bench.api("hub", "STREAM.MSG.GET.hub_sensor", { seq: 1 });
		const { hdrs } = message as { hdrs: string };
		const headers = Buffer.from(hdrs, "base64").toString("latin1").split("\r\n").filter(Boolean);
		const value = headers.find((line) => line.startsWith("Nats-Stream-Source: "))?.split(": ", 2)[1] ?? "";
		// What nats.java before 2.21.2 takes in a header (Headers.checkValue), and .NET v1: a tab, and 32 to 126.
		expect(headers.slice(1).filter((line) => !/^[!-9;-~]+:[\t -~]*$/.test(line))).toEqual([]);
		const [origin = "", sequence, filter, destination, subject, ...identity] = value.split(" ");
		expect({ origin: origin.split(":")[0], sequence, filter, destination, subject }).toEqual({
			origin: expect.stringMatching(/^edge[12]_sensor$/),
			sequence: "1",
			filter: "*.*.>",
			destination: expect.stringMatching(/^edge[12]\.sensor\.>$/),
			subject: expect.stringMatching(/^edge[12]\.sensor\.vehicle\.sensor$/),
		});
		expect(identity).toHaveLength(1);
	});

	it("keeps to its own device: what one publishes, programs on another do not hear", async () => {
		const [first, second] = [rig.device("edge1").client, rig.device("edge2").client];
		const heard: string[] = [];
		const callback = (_: unknown, message: { string(): string }) => void heard.push(message.string());
		for (const client of [first, second]) client.subscribe("vehicle.>", { callback });
		await Promise.all([first.flush(), second.flush()]);

		await first.jetstream().publish("vehicle.sensor", "only here");
		await rig.arrived("hub_sensor", 3);
		await second.flush();
		expect(heard).toEqual(["only here"]);
		expect(await rig.lastSequence("hub_sensor")).toBe(3);
	});

	it.skipIf(!hasGo())("is a program in Go that was never told: all that is its own works, and no more", () => {
		const program = goBuild("go-program", resolve(__dirname, "../support/go-program"));
		const { port } = rig.device("edge2");
		const printed = execFileSync(program, [`nats://127.0.0.1:${port}`], { encoding: "utf8", timeout: 60_000 });
		expect(JSON.parse(printed)).toEqual({
			published: true,
			heard: "core",
			stream: "edge2_sensor",
			again: true,
			answer: "closed",
			bucket: "80",
			watched: "speed",
			own: 1,
			purge: "refused",
		});
	});
});
