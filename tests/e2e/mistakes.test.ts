import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SMALL_FLEET } from "../support/fleets";
import { type Finished, makeProject, type Project } from "../support/project";

/** What a user sees when a design or an input cannot hold, through the real engine. */
describe("a mistake ends before anything is created", () => {
	let project: Project;

	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
	});

	afterAll(async () => {
		await project?.close();
	});

	const change = (from: string, to: string) => {
		expect(SMALL_FLEET).toContain(from);
		return SMALL_FLEET.replace(from, to);
	};

	const cases: [name: string, fleet: () => string, message: RegExp][] = [
		["a dot in a device's name", () => change("edge1, edge2", "edge.1"), /fleet\.yaml:\d+:\d+ .*edge\.1/],
		["a capital in a device's name", () => change("edge1", "Edge1"), /fleet\.yaml:\d+:\d+ .*Edge1/],
		["a device twice", () => change("edge1, edge2", "edge1, edge1"), /fleet\.yaml:\d+:\d+ .*edge1/],
		["a reserved device name", () => change("edge1", "hub"), /fleet\.yaml:\d+:\d+ .*hub.*reserved/],
		[
			"ranges that overlap",
			() => change("[edge1, edge2]", '["truck-[001-010]", "truck-[010-020]"]'),
			/fleet\.yaml:\d+:\d+ .*truck-010/,
		],
		[
			"a buffer that is too small",
			() => change("rate: 100/s", "rate: 20000/s"),
			/fleet\.yaml:\d+:\d+ .*(buffer|MiB|GiB)/,
		],
		[
			"a link that never catches up",
			() => change("up: 20Mbit/s", "up: 40kbit/s"),
			/fleet\.yaml:\d+:\d+ .*(link|catch)/,
		],
		[
			"a subject with 17 tokens",
			() => change("vehicle.>", `${Array.from({ length: 15 }, (_, index) => `t${index}`).join(".")}.>`),
			/fleet\.yaml:\d+:\d+ .*tokens/,
		],
		[
			"an unknown retention",
			() => change("whenFull: refuse", "retention: workqueue"),
			/fleet\.yaml:\d+:\d+ .*retention/,
		],
		["an unknown key", () => change("whenFull", "whenful"), /did you mean.*whenFull/],
		["an empty file", () => "", /fleet\.yaml.*empty/],
		["not YAML", () => "{{{ : [", /fleet\.yaml:\d+:\d+/],
		["50 MB", () => "#".repeat(50_000_000), /fleet\.yaml.*50 MB/],
	];

	test.each(cases)("%s", async (_, fleet, message) => {
		project.writeFleet(fleet());
		expectRefusal(await project.pulumi("up", "--yes"), message);
	});

	test("every mistake is reported at once", async () => {
		project.writeFleet(change("rate: 100/s", "rate: 100").replace("128B", "128").replace("edge1", "Edge1"));
		const result = await project.pulumi("preview");
		expectRefusal(result, /rate/);
		expect(result.text).toMatch(/size/);
		expect(result.text).toMatch(/Edge1/);
	});

	test("a busy port names who holds it", async () => {
		project.writeFleet(SMALL_FLEET);
		const server = createServer().listen(project.ports.leaf, "127.0.0.1");
		try {
			const result = await project.pulumi("up", "--yes");
			expectRefusal(result, new RegExp(`${project.ports.leaf}.*${process.pid}`));
		} finally {
			await new Promise((done) => server.close(done));
		}
	});

	test("nats-server below 2.15", async () => {
		project.writeFleet(SMALL_FLEET);
		const folder = join(project.dir, "old");
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, "nats-server"), "#!/bin/sh\necho 'nats-server: v2.14.5'\n");
		chmodSync(join(folder, "nats-server"), 0o755);
		const path = process.env.PATH;
		process.env.PATH = `${folder}:${path}`;
		try {
			expectRefusal(await project.pulumi("up", "--yes"), /nats-server 2\.14\.5 is too old.*2\.15\.0/);
		} finally {
			process.env.PATH = path;
		}
	});

	test("a missing passphrase", async () => {
		const passphrase = process.env.PULUMI_CONFIG_PASSPHRASE;
		expectRefusal(await project.pulumiWith({ PULUMI_CONFIG_PASSPHRASE: undefined }, "up", "--yes"), /passphrase/);
		expect(process.env.PULUMI_CONFIG_PASSPHRASE).toBe(passphrase);
	});

	test("nothing was created by any of them", async () => {
		const exported = await project.pulumi("stack", "export");
		const { deployment } = JSON.parse(exported.stdout) as { deployment: { resources?: { type: string }[] } };
		const types = (deployment.resources ?? []).map(({ type }) => type);
		expect(types.filter((type) => type !== "pulumi:pulumi:Stack")).toEqual([]);
		expect(existsSync(join(project.dir, ".leafline"))).toBe(false);
	});
});

function expectRefusal(result: Finished, message: RegExp): void {
	expect(result.text).toMatch(message);
	expect(result.text).not.toMatch(/^\s+at .*[(/]/m);
	expect(result.code).not.toBe(0);
}
