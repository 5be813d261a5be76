import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type StackOutputs, stackOutputs } from "../../contract/outputs";
import { SMALL_FLEET } from "../support/fleets";
import { makeProject, type Project, run } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

// Runs of the engine.
vi.setConfig({ testTimeout: 300_000 });

/** A device that makes its key itself, through the real programs of both sides and the real engine. */
describe("join and enrol", () => {
	let project: Project;
	let outputs: StackOutputs;
	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET, { leaves: { local: false } });
		const { code, text } = await project.pulumi("up", "--yes", "--skip-preview");
		expect(code, text).toBe(0);
		await readOutputs();
	}, 300_000);
	afterAll(() => project?.close());

	const readOutputs = async () => {
		outputs = stackOutputs.parse(await project.outputs());
		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(outputs), { mode: 0o600 });
	};
	const leafline = (...args: string[]) => {
		const env = { ...project.env(), XDG_CACHE_HOME: join(project.dir, "cache") };
		const main = join(project.dir, "bin/cli/main.js");
		return run(process.execPath, [main, ...args, "--outputs", "outputs.json"], {
			cwd: project.dir,
			env,
			within: 280_000,
		});
	};
	/** On the device, where there is nothing but this one file. */
	const device = (...args: string[]) => {
		const cwd = join(project.dir, "device");
		mkdirSync(cwd, { recursive: true });
		return run(process.execPath, [join(project.dir, "bin/device/leafline-device.js"), ...args], { cwd });
	};
	const fleet = () => readFileSync(join(project.dir, "fleet.yaml"), "utf8");
	let fingerprint = "";

	it("shows who asks and what would be done, and does nothing", async () => {
		const asked = await device("join", "request", "edge2", "--dir", "creds");
		expect(asked.code, asked.text).toBe(0);
		fingerprint = /fingerprint:\s+(\S+)/.exec(asked.text)?.[1] ?? "";
		const { code, text } = await leafline("enrol", "device/creds/request.json");
		expect(code, text).toBe(0);
		expect(text).toContain(`fingerprint:  ${fingerprint}\n`);
		expect(text).toContain("nothing was done; --approve FINGERPRINT lets it in, with the one that the device shows");
		writeFileSync(join(project.dir, "rule"), `edge1 ${fingerprint}\n`);
		for (const args of [
			["--approve", "0000-0000-0000-0000-0000"],
			["--rule", "rule"],
		]) {
			const refused = await leafline("enrol", "device/creds/request.json", ...args);
			expect(refused.code, refused.text).toBe(1);
		}
		expect(fleet()).toBe(SMALL_FLEET);
	});

	it("lets it in by its fingerprint, and its own program takes the answer", async () => {
		const { code, text } = await leafline("enrol", "device/creds/request.json", "--approve", fingerprint);
		expect(code, text).toBe(0);
		expect(fleet()).toMatch(/devices: \{ edge2: \{ publicKey: U[A-Z2-7]{55}, rotation: 1 \} \}\n/);
		const wrong = await device(
			"join",
			"accept",
			"../edge2.answer.json",
			"--dir",
			"creds",
			"--key",
			"U".padEnd(56, "A"),
		);
		expect(wrong.code).toBe(1);
		expect(wrong.text).toContain("the answer is not signed with U");
		await readOutputs();
		const key = outputs.leafline.bundleKey ?? "";
		const taken = await device("join", "accept", "../edge2.answer.json", "--dir", "creds", "--key", key);
		expect(taken.code, taken.text).toBe(0);
		const credentials = readFileSync(join(project.dir, "device/creds/etc/device.creds"), "utf8");
		const at = { port: project.ports.leaf, ca: outputs.leafline.ca, credentials, name: "edge2" };
		(await openRawLeaf(at)).close();
	});

	it("has a bundle that its credentials fit, and the same request gets the same answer again", async () => {
		const bundle = await leafline("bundle", "edge2", "--credentials", "none");
		expect(bundle.code, bundle.text).toBe(0);
		const own = /publicKey: (U\w+)/.exec(fleet())?.[1] ?? "?";
		expect(readFileSync(join(project.dir, "bundles/edge2/etc/leaf.conf"), "utf8")).toContain(own);
		const again = await leafline("enrol", "device/creds/request.json", "--rule", "rule2", "--out", "again.json");
		expect(again).toMatchObject({ code: 1 });
		writeFileSync(join(project.dir, "rule2"), `# checked in the workshop\nedge2 ${fingerprint}\n`);
		const ruled = await leafline("enrol", "device/creds/request.json", "--rule", "rule2", "--out", "again.json");
		expect(ruled.code, ruled.text).toBe(0);
		expect(ruled.text).toContain("fleet.yaml names this key already: the answer is written anew");
		const credentials = (name: string) => JSON.parse(readFileSync(join(project.dir, name), "utf8")).credentials;
		expect(credentials("again.json")).toBe(credentials("edge2.answer.json"));
	});
});
