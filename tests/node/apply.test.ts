import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NODE } from "../../render/node/files";
import { generationOf, renderRelease } from "../../render/node/parameters";
import { renderUnit } from "../../render/node/unit";
import { type Machine, makeMachine, whyNoMachine } from "./machine";
import { hubConf, hubParameters, install, type Parameters, SERIAL } from "./parameters";

const why = whyNoMachine();

describe.skipIf(why)(`a change on a running node${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;
	let parameters: Parameters;

	beforeAll(async () => {
		machine = await makeMachine(1);
		machine.attach({ [machine.devices[0] ?? ""]: SERIAL });
		parameters = await hubParameters(machine);
		machine.parameters(parameters);
		await install(machine);
		await machine.must("leafline-node boot");
	});
	afterAll(() => machine.close());

	beforeEach(() => machine.parameters(parameters));

	const apply = (env: Record<string, string> = {}) =>
		machine.run("leafline-node apply", { env: { FETCH_SECONDS: "0", ...env } });
	const pid = () => machine.must("systemctl show -p MainPID --value nats-hub.service");
	const loaded = async () => (await machine.must("cat /run/nats-hub/generation")).trim();

	it("that is none is nothing to do", async () => {
		const before = await pid();
		await machine.must(": > /run/systemctl/calls");
		expect(await apply()).toMatchObject({
			code: 0,
			output: expect.stringMatching(/^nothing to do: \w{64} runs\nhealthy\n$/),
		});
		expect(await pid()).toBe(before);
		expect(await machine.must("cat /run/systemctl/calls")).not.toMatch(/reload nats|restart|stop|start nats/);
	});

	it("is reloaded where that is enough", async () => {
		const before = await pid();
		const changed = { ...parameters, "hub.conf": hubConf({ ping_max: 5 }) };
		machine.parameters(changed);
		expect(await apply()).toMatchObject({ code: 0, output: expect.stringContaining("reloaded\nhealthy\n") });
		expect(await pid()).toBe(before);
		expect(await loaded()).toBe(generationOf(changed));
		expect(await machine.must("curl -s 127.0.0.1:8222/varz | grep ping_max")).toContain("5");
	});

	it("of the certificate is reloaded, and what the leaf port shows", async () => {
		const before = await pid();
		const shown = () =>
			machine.must("echo | openssl s_client -connect 127.0.0.1:7422 2>/dev/null | openssl x509 -noout -fingerprint");
		const old = await shown();
		const { "leaf.crt": cert, "leaf.key": key } = await hubParameters(machine);
		machine.parameters({ "leaf.crt": cert, "leaf.key": key });
		expect(await apply()).toMatchObject({ code: 0, output: expect.stringContaining("reloaded\n") });
		expect(await pid()).toBe(before);
		expect(await shown()).not.toBe(old);
	});

	it("that cannot be reloaded, or of the server, or of its unit, restarts it in lame duck", async () => {
		const restarted = async (texts: Parameters, reason: string) => {
			const before = await pid();
			machine.parameters(texts);
			const { code, output } = await apply();
			expect({ code, output }).toMatchObject({
				code: 0,
				output: expect.stringContaining(`restarting: ${reason}\nhealthy\n`),
			});
			expect(await pid()).not.toBe(before);
			expect(await loaded()).toBe(generationOf({ ...parameters, ...texts }));
			return output;
		};
		const jetstream = { domain: "hub", store_dir: NODE.storeDir, sync_interval: "5s" };
		await restarted({ "hub.conf": hubConf({ jetstream }) }, "the change cannot be reloaded");
		expect(await machine.must("cat /run/systemctl/log")).toContain("lame duck");
		expect(await machine.must("curl -s 127.0.0.1:8222/varz | grep sync_interval")).toContain("5000000000");

		await machine.must("cp /host/objects/nats-server /host/objects/other && printf x >> /host/objects/other");
		const sha256 = (await machine.must("sha256sum /host/objects/other")).slice(0, 64);
		const release = renderRelease({ version: "2.15.3", url: "s3://bucket/other", sha256 });
		const output = await restarted({ "hub.conf": hubConf(), release }, "another server");
		expect(output).toContain("fetching nats-server 2.15.3 from s3://bucket/other\n");
		expect(await machine.must(`readlink -f /proc/$(cat ${NODE.pidFile})/exe`)).toBe(
			`${NODE.binDir}/${sha256}/nats-server\n`,
		);
		// Nothing is kept that no longer runs.
		expect(await machine.must("ls -d /opt/nats-hub/*/ /etc/leafline/generations/* | wc -l")).toBe("2\n");

		const unit = renderUnit().replace("RestartSec=5", "RestartSec=6");
		await restarted({ "nats-hub.service": unit, release: parameters.release ?? "" }, "another server");
		await restarted({ "nats-hub.service": renderUnit() }, "another unit");
	});

	it("waits for the parameters that it is to take", async () => {
		const changed = { ...parameters, "hub.conf": hubConf({ ping_max: 7 }) };
		const early = await apply({ GENERATION: generationOf(changed) });
		expect(early.code).not.toBe(0);
		expect(early.output).toContain("the parameters read are not the newest\n");
		const waiting = apply({ GENERATION: generationOf(changed), FETCH_SECONDS: "20" });
		machine.parameters(changed);
		expect(await waiting).toMatchObject({ code: 0, output: expect.stringContaining("reloaded") });
	});

	it.each([
		[
			"a parameter is missing",
			{ "leaf.key": undefined },
			"parameter /leafline/test/hub/1/leaf.key is missing or empty",
		],
		["a parameter is empty", { "hub.conf": "" }, "parameter /leafline/test/hub/1/hub.conf is missing or empty"],
		[
			"the binary is not what it should be",
			{ release: `version=2.15.2\nurl=s3://bucket/nats-server\nsha256=${"0".repeat(64)}\n` },
			`s3://bucket/nats-server has sha256`,
		],
		[
			"the binary is not there",
			{ release: `version=2.15.2\nurl=s3://bucket/gone\nsha256=${"1".repeat(64)}\n` },
			"cannot fetch s3://bucket/gone",
		],
		["the server refuses the configuration", { "hub.conf": hubConf({ nonsense: 1 }) }, 'unknown field "nonsense"'],
		["the certificate is none", { "leaf.crt": "nonsense" }, "hub.conf: "],
		["the firewall is none", { "firewall.nft": "nonsense" }, "nft refuses parameter /leafline/test/hub/1/firewall.nft"],
	])("is refused while the hub goes on when %s", async (_, wrong, reason) => {
		const before = [
			await pid(),
			await machine.must("sha256sum /etc/nats-hub/* /opt/nats-hub/nats-server; nft list ruleset"),
		];
		machine.parameters(wrong);
		const { code, output } = await apply();
		expect(code).not.toBe(0);
		expect(output).toContain(reason);
		expect(output.split("\n").filter((line) => line.startsWith("failed: "))).toHaveLength(1);
		expect([
			await pid(),
			await machine.must("sha256sum /etc/nats-hub/* /opt/nats-hub/nats-server; nft list ruleset"),
		]).toEqual(before);
		expect(await machine.must("curl -s 127.0.0.1:8222/healthz")).toContain("ok");
	});

	it("that only fails when the server starts is told with its last lines, and mended by the next", async () => {
		machine.write("journal", "what the server said last\n");
		// An address that this machine does not have: nothing that a look at the configuration could tell.
		machine.parameters({ "hub.conf": hubConf({ listen: "192.0.2.1:4222" }) });
		const { code, output } = await apply();
		expect(code).not.toBe(0);
		expect(output).toContain("last lines of nats-hub.service: what the server said last\n");
		expect(output).toContain("failed: the hub is not healthy: ");
		machine.parameters(parameters);
		expect(await apply()).toMatchObject({ code: 0, output: expect.stringMatching(/healthy\n$/) });
		expect(await loaded()).toBe(generationOf(parameters));
	});

	it("cannot be fetched: a node that boots goes on with what it has, and says so", async () => {
		await machine.must("systemctl stop nats-hub.service");
		machine.write("offline", "");
		try {
			const { code, output } = await machine.run("leafline-node boot", { env: { FETCH_SECONDS: "0" } });
			expect(output).toContain("cannot read the parameters below /leafline/test/hub/1: Could not connect");
			expect(output).toContain("goes on with the configuration it has\n");
			expect(output).toContain("healthy\n");
			expect(code).not.toBe(0);
			expect((await apply()).output).toContain("failed: there is nothing to run; the hub is left as it is");
		} finally {
			machine.remove("offline");
		}
	});

	it("to a cluster is refused where a server alone has streams, which a cluster would delete", async () => {
		const before = await pid();
		const account = "/data/nats/hub/jetstream/HUB";
		const cluster = { name: "hub", listen: "127.0.0.1:6222", routes: ["nats-route://127.0.0.1:6222"] };
		machine.parameters({ ...parameters, "hub.conf": hubConf({ cluster }) });
		await machine.must(`mkdir -p ${account}/streams/orders`);
		try {
			const { code, output } = await apply();
			expect(output).toContain("the streams in /data/nats/hub are those of a hub of 1, and do not move to one of 3");
			expect(code).not.toBe(0);
			expect(await pid()).toBe(before);
		} finally {
			await machine.must(`rm -r ${account}`);
		}
	});

	it("leaves no secret where it does not belong", async () => {
		const body = parameters["leaf.key"]?.split("\n")[1] ?? "";
		expect(body).not.toBe("");
		const { output } = await machine.run("sh -x /usr/local/sbin/leafline-node apply");
		expect(output).not.toContain(body);
		expect(
			await machine.must(
				`grep -rlF '${body}' /etc /run /opt /data /var/log /var/lib/cloud /usr/local 2>/dev/null || :`,
			),
		).toBe(`/etc/leafline/generations/${await loaded()}/leaf.key\n`);
		expect(await machine.must("stat -Lc '%U:%G %a' /etc/nats-hub/leaf.key /etc/nats-hub")).toBe(
			"root:nats 640\nroot:nats 750\n",
		);
	});
});
