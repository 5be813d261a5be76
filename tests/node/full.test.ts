import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Machine, makeMachine, toolPath, whyNoMachine } from "./machine";
import { hubParameters, install, SERIAL } from "./parameters";

const why = whyNoMachine();

describe.skipIf(why)(`a node whose volume is full${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;
	let acknowledged = 0;

	beforeAll(async () => {
		machine = await makeMachine(1);
		machine.attach({ [machine.devices[0] ?? ""]: SERIAL });
		machine.parameters(await hubParameters(machine));
		await install(machine);
		await machine.must("leafline-node boot");
		await machine.must(`${nats} stream add orders --subjects=orders --defaults --storage=file`);
	}, 120_000);
	afterAll(() => machine.close());

	const nats = `${toolPath("nats")} -s nats://127.0.0.1:4222 --timeout=2s`;
	const look = () => machine.must("sh /etc/nats-hub/report.sh watch");
	const restarts = async () =>
		(await machine.must("cat /run/systemctl/calls")).match(/^restart nats-hub.service$/gm)?.length ?? 0;
	const publish = async () => {
		const { output } = await machine.run(`${nats} req orders x`);
		const stored = /"stream":"orders"/.test(output);
		if (stored) acknowledged++;
		return stored;
	};
	const fill = () => machine.run("dd if=/dev/zero of=/data/nats/foreign bs=4096");
	const free = () => machine.must("rm -f /data/nats/foreign");
	/** What was done last was so long ago. */
	const later = (seconds: number) =>
		machine.must(
			`read -r tries at < /var/lib/leafline-watch/restarts; echo "$tries $((at - ${seconds}))" > /var/lib/leafline-watch/restarts`,
		);

	it("is looked at every 10 seconds", async () => {
		expect(await machine.must("cat /run/systemctl/calls")).toContain(
			"enable --now leafline-report.timer leafline-watch.timer",
		);
		expect(await machine.must("cat /etc/systemd/system/leafline-watch.timer")).toContain("OnUnitInactiveSec=10s");
		expect(await publish()).toBe(true);
		expect(await look()).toBe("");
	});

	it("says once that it cannot write, and is restarted when there is room again, not before", async () => {
		await fill();
		for (let i = 0; i < 200 && (await publish()); i++);
		expect(await publish()).toBe(false);
		expect(await look()).toMatch(
			/^<4>the hub's server cannot write \(.*no space left on device.*\); it is restarted when /,
		);
		expect(await look()).toBe("");
		expect(await restarts()).toBe(0);

		await free();
		// By itself nothing goes on: that is what the restart is for.
		expect(await publish()).toBe(false);
		// Not while the node is being changed.
		await machine.must("flock /run/leafline/lock sh /etc/nats-hub/report.sh watch");
		expect(await restarts()).toBe(0);
		expect(await look()).toMatch(/^<4>there is room again on \S+: restarting the hub's server, which could not write/);
		expect(await restarts()).toBe(1);
		await machine.must(UP);
		expect(await publish()).toBe(true);
		const { state } = JSON.parse(await machine.must(`${nats} stream info orders --json`));
		expect(state.messages).toBe(acknowledged);
		expect(await look()).toBe("");
	}, 180_000);

	it("is restarted ever more rarely, also where the watch begins anew", async () => {
		await fill();
		for (let i = 0; i < 200 && (await publish()); i++);
		await free();
		expect(await look()).toMatch(
			/^<4>the hub's server was restarted 1 times and still cannot write .*; again in \d+ s$/m,
		);
		expect(await look()).toBe("");
		expect(await restarts()).toBe(1);
		await later(30);
		expect(await look()).toMatch(/restarting/);
		expect(await restarts()).toBe(2);
		await machine.must(UP);
		expect(await publish()).toBe(true);
		await later(3_600);
		await look();
		expect(await machine.must("ls /var/lib/leafline-watch")).not.toContain("restarts");
	}, 180_000);
});

/** The server answers. */
const UP =
	"for i in $(seq 300); do curl -fs http://127.0.0.1:8222/healthz > /dev/null && exit; sleep 0.1; done; exit 1";
