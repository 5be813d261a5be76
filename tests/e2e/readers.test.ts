import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { check } from "../../cli/check/check";
import { SMALL_FLEET } from "../support/fleets";
import { makePolicyProgram, type PolicyProgram } from "../support/policy-program";
import { makeProject, type Project } from "../support/project";

/** The same files through the offline check and through the real engine: the same verdict, in the same words. */

describe("a stack's settings and its fleet", () => {
	let project: Project;
	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
	});
	afterAll(async () => {
		await project?.close();
	});

	/** With the salt of the passphrase at its end: without one the engine writes the file anew, in its own words. */
	const write = (config: string) => {
		const file = join(project.dir, "Pulumi.local.yaml");
		const salt = /^encryptionsalt: .*$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "";
		writeFileSync(file, `config:\n${config.replaceAll(/^/gm, "  ")}\n${salt}\n`);
	};
	const many = SMALL_FLEET.replace("[edge1, edge2]", '["edge[1-40]"]');

	test.each([
		["settings as JSON text", `leafline:hub: '{"kind":"gcp"}'\nleafline:fleet: fleet.yaml`, SMALL_FLEET],
		["an unknown key, and a number that is none", "leafline:flet: x\nleafline:sourcing: 5", SMALL_FLEET],
		["more devices than are started", "leafline:fleet: fleet.yaml\nleafline:hub: { file: 1TiB }", many],
		["a number that YAML 1.1 reads otherwise", "leafline:leaves: { limit: 010 }", SMALL_FLEET],
		["an address with a port, without a namespace", "hub: { addresses: [a.example.com:7422] }", SMALL_FLEET],
		["nothing, and a folder that climbs", "leafline:adopt:\nleafline:hub: { storeDir: a/../../b }", SMALL_FLEET],
	])(
		"%s",
		async (_, config, fleet) => {
			write(config);
			project.writeFleet(fleet);
			const { findings } = check({ root: project.dir, stack: "local" });
			const { code, text } = await project.pulumi("preview");
			expect(findings.length).toBeGreaterThan(0);
			expect(code).not.toBe(0);
			for (const { file, place, message, remedy } of findings) {
				const at = place ? `:${place.line}:${place.column}` : "";
				expect(text).toContain(`${file}${at}  ${message}; ${remedy}`);
			}
		},
		60_000,
	);
});

describe("the settings of the pack", () => {
	let program: PolicyProgram;
	const root = mkdtempSync(join(tmpdir(), "leafline readers-"));
	beforeAll(async () => {
		program = await makePolicyProgram();
		mkdirSync(join(root, "policies/config"), { recursive: true });
		writeFileSync(
			join(root, "Pulumi.test.yaml"),
			"config:\n  leafline:fleet: fleet.yaml\n  leafline:hub: { kind: local }\n",
		);
		writeFileSync(join(root, "fleet.yaml"), SMALL_FLEET);
	});
	afterAll(() => {
		program?.close();
		rmSync(root, { recursive: true, force: true });
	});

	const exemption = { resource: "x", rule: "hub-has-no-ssch", reason: "a trial", expires: "31.12.2999" };
	test("wrong in every way", async () => {
		const settings = {
			"hub-has-no-ssch": "disabled",
			leafline: { allowedPort: [1], allowedPorts: [70000], exemptions: [exemption] },
		};
		writeFileSync(join(root, "policies/config/test.json"), JSON.stringify(settings, null, "\t"));
		const { findings, good } = check({ root, stack: "test" });
		expect(good).toBe(false);
		expect(findings.map(({ file, place }) => [file, place?.line, place?.column])).toEqual([
			["policies/config/test.json", 2, 2],
			["policies/config/test.json", 4, 3],
			["policies/config/test.json", 8, 4],
			["policies/config/test.json", 13, 13],
			["policies/config/test.json", 15, 16],
		]);
		const { code, text } = await program.judge(
			"preview",
			'make("aws:ebs/volume:Volume", "v", { encrypted: true });',
			settings,
		);
		expect(code, text).not.toBe(0);
		for (const { message } of findings) expect(text).toContain(message);
		expect(text).toContain("Did you mean hub-has-no-ssh?");
	}, 60_000);
});
