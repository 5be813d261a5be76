import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { renderUnit } from "../../render/node/unit";
import { eventually } from "../support/eventually";
import { type Machine, makeMachine, toolPath, whyNoMachine } from "./machine";
import { hubConf, hubParameters, install, SERIAL } from "./parameters";

const why = whyNoMachine();

const ROUTES = [6222, 6223, 6224].map((port) => `nats-route://127.0.0.1:${port}`);

/** In the node's network, in place of the other nodes: servers 1 and 2. */
function other(index: number): string {
	return renderNatsConfig(
		{
			server_name: `hub_${index + 1}`,
			listen: `127.0.0.1:${4222 + index}`,
			http: `127.0.0.1:${8222 + index}`,
			jetstream: { domain: "hub", store_dir: `/tmp/other${index}` },
			...cluster(index),
		},
		"other",
	);
}

function cluster(index: number): ConfMap {
	return {
		cluster: { name: "hub", listen: `127.0.0.1:${6222 + index}`, routes: ROUTES },
		system_account: "SYS",
		accounts: {
			SYS: { users: [{ user: "sys", password: "sys" }] },
			HUB: { jetstream: "enabled", users: [{ user: "hub", password: "hub" }] },
		},
	};
}

const node = (more: ConfMap = {}) => hubConf({ server_name: "hub_1", ...cluster(0), ...more });

/** A change for which the server is restarted at once. */
const restarting = (seconds: number) => ({
	"nats-hub.service": renderUnit().replace("RestartSec=5", `RestartSec=${seconds}`),
});

describe.skipIf(why)(`a node of three${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;

	beforeAll(async () => {
		machine = await makeMachine(1);
		machine.attach({ [machine.devices[0] ?? ""]: SERIAL });
		machine.parameters({ ...(await hubParameters(machine)), "hub.conf": node() });
		for (const index of [1, 2]) machine.write(`other${index}.conf`, other(index));
		await install(machine);
	});
	afterAll(() => machine.close());

	const pid = () => machine.must("systemctl show -p MainPID --value nats-hub.service");
	const startOther = (index: number) =>
		machine.must(
			`setsid ${toolPath("nats-server")} -c /host/other${index}.conf > /tmp/other${index}.log 2>&1 < /dev/null & echo $! > /tmp/other${index}.pid`,
		);
	const stopOther = (index: number) => machine.must(`kill -9 $(cat /tmp/other${index}.pid)`);

	it("that comes before the others waits for none", async () => {
		expect(await machine.must("leafline-node boot")).toMatch(/started; waits for the other nodes\n$/);
		// Two of three elect nobody, if they never did. Nothing is stored yet, so a mistake can be mended all the same.
		await startOther(1);
		machine.parameters(restarting(1));
		expect(await machine.must("leafline-node apply")).toMatch(/restarting: .*\nstarted; waits for the other nodes\n$/);
	});

	it("is healthy when the last has come", async () => {
		await startOther(2);
		expect(await machine.must("leafline-node apply")).toMatch(/nothing to do: .*\nhealthy\n$/);
		const stream = "stream add orders --subjects=orders --defaults --replicas=3 --storage=file";
		await machine.must(`${toolPath("nats")} -s nats://hub:hub@127.0.0.1:4222 ${stream}`);
	});

	it("is restarted while all others are connected", async () => {
		const before = await pid();
		machine.parameters(restarting(2));
		expect(await machine.must("leafline-node apply")).toMatch(/restarting: .*\nhealthy\n$/);
		expect(await pid()).not.toBe(before);
	});

	it("is not restarted while one of the others is away, unless forced to", async () => {
		await stopOther(2);
		const before = await pid();
		machine.parameters(restarting(3));
		const { code, output } = await machine.run("leafline-node apply");
		expect(code).not.toBe(0);
		expect(output).toContain("failed: only 1 of the 2 other nodes are connected: not restarted");
		expect(await pid()).toBe(before);
		// What can be reloaded needs no restart.
		machine.parameters({ ...restarting(2), "hub.conf": node({ ping_max: 5 }) });
		expect(await machine.must("leafline-node apply")).toMatch(/reloaded\nhealthy\n$/);
		machine.parameters(restarting(3));
		expect(await machine.must("FORCE=1 leafline-node apply")).toMatch(/restarting: .*\nhealthy\n$/);
		expect(await pid()).not.toBe(before);
	});

	it("that stores something is not taken for healthy without the others", async () => {
		await stopOther(1);
		await eventually(async () => !(await machine.must("curl -s 127.0.0.1:8222/healthz")).includes("ok"), {
			what: "no leader",
		});
		const { code, output } = await machine.run("leafline-node apply", { env: { HEALTH_SECONDS: "3" } });
		expect(code).not.toBe(0);
		expect(output).toMatch(/failed: the hub is not healthy: .*503\n/);
	});
});
