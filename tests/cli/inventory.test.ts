import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ansibleHost } from "../../cli/inventory/ansible";
import { inventoryCsv } from "../../cli/inventory/csv";
import { DEFAULT_TARGET, fileSd } from "../../cli/inventory/file-sd";
import { inventoryOf } from "../../cli/inventory/inventory";
import { FORMATS, inventoryText } from "../../cli/inventory/text";
import type { StackOutputs } from "../../contract/outputs";
import { outputsOf } from "../bundle/outputs";
import { ansibleInventory } from "../support/ansible";
import { run } from "../support/project";
import { planFleet } from "../support/rig";

const FLEET = `
apiVersion: leafline/v1
fleet: mine-north
hardware:
  rk3588: { arch: arm64, buffer: 8GiB }
  old-pc: { arch: amd64, buffer: 8GiB }
link: { up: 20Mbit/s, outage: 30m }
classes:
  can: { rate: 10/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1d } }
  alarm: { rate: 1/s, size: 128B, accepts: alarm.>, whenFull: refuse, hub: { keep: 1d } }
groups:
  north-pit: { devices: "truck-[8-11]", hardware: rk3588 }
  south: { devices: "drill-1, drill-2", hardware: old-pc }
devices:
  truck-9: { label: 'GW "nine", {{ 7*7 }}' }
  truck-10: { retired: drain }
  drill-2: { retired: lost, label: stolen }
`;

const stack: StackOutputs = outputsOf(planFleet(FLEET, { hub: { kind: "local" }, leaves: { local: false } }));
const outputs = { ...stack.leafline, pending: { "truck-8": "no answer within 5 s {% raw %}" } };
const inventory = inventoryOf(outputs);
let dir: string;
let file: string;

beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "leafline-inventory-"));
	file = join(dir, "outputs.json");
	const access = { adminCreds: "admin's secret", systemCreds: "system's secret", readerCreds: {} };
	writeFileSync(file, JSON.stringify({ ...stack, access, leafline: outputs }));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const leafline = async (...args: string[]) => {
	const command = [resolve("bin/cli/main.js"), "inventory", "--outputs", file, ...args];
	return run(process.execPath, command, { cwd: dir, env: process.env });
};

test("every device is in it, in the order of its numbers, but for one that is lost", () => {
	expect(Object.keys(inventory.devices)).toEqual(["drill-1", "truck-8", "truck-9", "truck-10", "truck-11"]);
	expect(inventory.devices["truck-10"]).toEqual({
		group: "north-pit",
		hardware: "rk3588",
		arch: "arm64",
		domain: "truck-10",
		clientPort: 4222,
		classes: ["alarm", "can"],
		hubStreams: { alarm: "hub_alarm", can: "hub_can" },
		draining: true,
	});
});

test("outputs of versions that tell less give what they tell", () => {
	const { edge: _, ...old } = outputs;
	expect(inventoryOf(old).devices["truck-11"]).toEqual({
		group: "north-pit",
		domain: "truck-11",
		clientPort: 4222,
		classes: ["alarm", "can"],
		hubStreams: { alarm: "hub_alarm", can: "hub_can" },
	});
});

test("no form of it holds a secret, nor what one device alone may know", () => {
	const { signing, leafConfigs } = stack;
	const cluster = /cluster[^}]*name: "?([A-Z0-9]{20,})/.exec(leafConfigs["truck-8"] ?? "")?.[1] ?? "";
	const secrets = [signing?.deviceSigningSeed, signing?.fleetSecret, "admin's secret", "system's secret", cluster];
	expect(secrets.every((it) => it !== undefined && it.length > 10)).toBe(true);
	for (const format of FORMATS) {
		const text = inventoryText(inventory, format, { target: DEFAULT_TARGET });
		expect(text).toContain("truck-8");
		expect(secrets.filter((secret) => text.includes(secret ?? ""))).toEqual([]);
	}
});

test("--json complies with its published schema", async () => {
	const validate = new Ajv2020({ strict: true }).compile(
		JSON.parse(readFileSync("docs/schema/inventory.json", "utf8")),
	);
	const { stdout } = await leafline("--json");
	expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
	expect(validate({ ...JSON.parse(stdout), seed: "S" })).toBe(false);
});

test("two forms at once are refused", async () => {
	const { code, stderr } = await leafline("--list", "--format", "csv");
	expect([code, stderr]).toEqual([
		1,
		"leafline: --list and --format csv are two forms of one answer: give one of them\n",
	]);
});

test("as a table", () => {
	expect(
		inventoryText(inventory, "table", { target: DEFAULT_TARGET }),
	).toBe(`leafline · local · fleet mine-north, 5 devices

  device            label                 group      hardware  arch   classes
  drill-1                                 south      old-pc    amd64  alarm can
  truck-8                                 north-pit  rk3588    arm64  alarm can
  truck-9           GW "nine", {{ 7*7 }}  north-pit  rk3588    arm64  alarm can
  truck-10 (drain)                        north-pit  rk3588    arm64  alarm can
  truck-11                                north-pit  rk3588    arm64  alarm can
`);
});

describe("for a spreadsheet", () => {
	test("as RFC 4180 has it", () => {
		expect(inventoryCsv(inventory).split("\r\n")).toEqual([
			"device,label,environment,fleet,group,hardware,arch,client_port,classes,draining,pending",
			"drill-1,,local,mine-north,south,old-pc,amd64,4222,alarm can,,",
			"truck-8,,local,mine-north,north-pit,rk3588,arm64,4222,alarm can,,no answer within 5 s {% raw %}",
			'truck-9,"GW ""nine"", {{ 7*7 }}",local,mine-north,north-pit,rk3588,arm64,4222,alarm can,,',
			"truck-10,,local,mine-north,north-pit,rk3588,arm64,4222,alarm can,yes,",
			"truck-11,,local,mine-north,north-pit,rk3588,arm64,4222,alarm can,,",
			"",
		]);
	});

	test.each(["=1+2", "+1", "-1", "@SUM(A1)"])("the label %s is no formula", (label) => {
		const only = { ...inventory, devices: { "truck-8": { ...inventory.devices["truck-8"], label } } };
		expect(inventoryCsv(only as typeof inventory)).toContain(`\r\ntruck-8,'${label},local,`);
	});
});

test("for Prometheus, a target a device with its labels", () => {
	const [first, , third] = fileSd(inventory, "{device}.mesh.example.com:7777");
	expect(first).toEqual({
		targets: ["drill-1.mesh.example.com:7777"],
		labels: {
			device: "drill-1",
			environment: "local",
			fleet: "mine-north",
			group: "south",
			hardware: "old-pc",
			arch: "amd64",
		},
	});
	expect(third?.labels.label).toBe('GW "nine", {{ 7*7 }}');
});

describe("for Ansible", () => {
	test("a device that is not there has no variables", () => {
		expect(ansibleHost(inventory, "truck-99")).toEqual({});
		expect(ansibleHost(inventory, "constructor")).toEqual({});
	});

	const program = ansibleInventory();
	const why = typeof program === "function" ? "" : ` (${program.why})`;

	test.skipIf(typeof program !== "function")(`ansible-inventory reads it${why}`, () => {
		if (typeof program !== "function") return;
		const script = join(dir, "leafline.sh");
		const command = `exec "${process.execPath}" "${resolve("bin/cli/main.js")}" inventory --outputs "${file}" "$@"`;
		writeFileSync(script, `#!/bin/sh\n${command}\n`);
		chmodSync(script, 0o755);
		const { status, stdout, stderr } = program("-i", script, "--list");
		// No warning either: names of groups are ones that Ansible takes.
		expect([status, stderr]).toEqual([0, ""]);
		const read = JSON.parse(stdout) as Record<string, { hosts?: string[] }> & {
			_meta: { hostvars: Record<string, Record<string, unknown>> };
		};
		expect(read.group_north_pit?.hosts).toEqual(["truck-8", "truck-9", "truck-10", "truck-11"]);
		expect(read.hardware_old_pc?.hosts).toEqual(["drill-1"]);
		expect(read.arch_arm64?.hosts).toHaveLength(4);
		expect(read.class_can?.hosts).toHaveLength(5);
		expect(read.draining?.hosts).toEqual(["truck-10"]);
		expect(read.pending?.hosts).toEqual(["truck-8"]);
		expect(read._meta.hostvars["truck-9"]).toMatchObject({
			leafline_device: "truck-9",
			// No template, whatever version of Ansible it is.
			leafline_label: 'GW "nine", { { 7*7 }}',
			leafline_fleet: "mine-north",
			leafline_hub_urls: ["tls://hub.example.com:7422"],
			leafline_arch: "arm64",
			leafline_draining: false,
		});
		expect(read._meta.hostvars["truck-8"]?.leafline_pending).toBe("no answer within 5 s { % raw %}");
		const one = program("-i", script, "--host", "truck-10");
		expect(JSON.parse(one.stdout)).toMatchObject({ leafline_draining: true, leafline_group: "north-pit" });
	});
});
