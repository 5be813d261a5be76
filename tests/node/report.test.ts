import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Machine, makeMachine, whyNoMachine } from "./machine";
import { hubParameters, install, SERIAL } from "./parameters";

const why = whyNoMachine();

interface Event {
	readonly timestamp: number;
	readonly message: string;
}

describe.skipIf(why)(`the report of a node${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;

	beforeAll(async () => {
		machine = await makeMachine(1);
		machine.attach({ [machine.devices[0] ?? ""]: SERIAL });
		machine.parameters(await hubParameters(machine));
		await install(machine);
		await machine.must("leafline-node boot");
	});
	afterAll(() => machine.close());

	/** As `journalctl -o json` prints them; @param message a text, or what stands there for one that is none */
	const entry = (cursor: number, at: number, message: unknown, identifier = "nats-hub") =>
		`${JSON.stringify({ MESSAGE: message, __CURSOR: `s=1;i=${cursor}`, _BOOT_ID: "b", SYSLOG_IDENTIFIER: identifier, __REALTIME_TIMESTAMP: `${at}000`, __MONOTONIC_TIMESTAMP: "1" })}\n`;
	const report = () => machine.run("sh /etc/nats-hub/report.sh");
	/** The batches that were sent since the last call. */
	const sent = (): Event[][] => {
		const batches = machine
			.read("sent")
			.split("]\n")
			.filter(Boolean)
			.map((batch) => JSON.parse(`${batch}]`) as Event[]);
		machine.remove("sent");
		return batches;
	};

	it("runs every minute, whatever became of the hub", async () => {
		expect(await machine.must("cat /run/systemctl/calls")).toContain("enable --now leafline-report.timer");
		expect(await machine.must("cat /etc/systemd/system/leafline-report.timer")).toContain("OnUnitInactiveSec=1min");
	});

	it("sends each line once, in the order of time, whatever it says", async () => {
		const odd = 'a "quote", a \\ backslash, a tab\t, ü and "__REALTIME_TIMESTAMP":"1"';
		machine.write(
			"journal",
			entry(1, 1700000000200, odd) +
				entry(2, 1700000000100, "clock was set", "kernel") +
				entry(3, 1700000000300, [1, 2]),
		);
		expect(await report()).toEqual({ code: 0, output: "" });
		expect(sent()).toEqual([
			[
				{ timestamp: 1700000000100, message: "kernel: clock was set" },
				{ timestamp: 1700000000200, message: `nats-hub: ${odd}` },
				{ timestamp: 1700000000300, message: "nats-hub: (no text)" },
			],
		]);
		await report();
		expect(sent()).toEqual([]);
		machine.write("journal", machine.read("journal") + entry(4, 1700000000400, "later"));
		await report();
		expect(sent()).toEqual([[{ timestamp: 1700000000400, message: "nats-hub: later" }]]);
	});

	it("sends later what cannot be sent now", async () => {
		machine.write("offline", "");
		machine.write("journal", machine.read("journal") + entry(5, 1700000000500, "during the outage"));
		expect(await report()).toMatchObject({ code: 0, output: expect.stringContaining("<4>Could not connect") });
		machine.remove("offline");
		await report();
		expect(sent()).toEqual([[{ timestamp: 1700000000500, message: "nats-hub: during the outage" }]]);
	});

	it("sends a long journal in batches that CloudWatch takes", async () => {
		const long = "x".repeat(600);
		const day = 24 * 3_600_000;
		const lines = Array.from({ length: 5000 }, (_, i) => entry(10 + i, 1700000001000 + i, `${i} ${long}`));
		machine.write(
			"journal",
			machine.read("journal") + lines.join("") + entry(6000, 1700000001000 + 3 * day, "days later"),
		);
		await report();
		const batches = sent();
		for (const batch of batches) {
			expect(batch.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0)).toBeLessThan(1_048_576);
			expect((batch.at(-1)?.timestamp ?? 0) - (batch[0]?.timestamp ?? 0)).toBeLessThan(day);
		}
		expect(batches.flat().map(({ message }) => message.split(" ")[1])).toEqual([
			...Array.from({ length: 5000 }, (_, i) => `${i}`),
			"days",
		]);
	});

	it("tells the volume's fill level every five minutes, and none where nothing is mounted", async () => {
		const metrics = () => machine.read("metrics").trim().split("\n");
		await machine.must("rm -f /var/lib/leafline-report/metric /host/metrics");
		await report();
		await report();
		expect(metrics()).toEqual([
			expect.stringMatching(
				/^cloudwatch put-metric-data --namespace leafline --metric-name VolumeUsedPercent --unit Percent --dimensions Environment=test,Node=1 --value \d+$/,
			),
		]);
		await machine.must("systemctl stop nats-hub.service; umount /data/nats; rm /var/lib/leafline-report/metric");
		await report();
		expect(metrics()).toHaveLength(1);
	});
});
