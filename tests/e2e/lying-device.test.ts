import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stackOutputs } from "../../contract/outputs";
import { SMALL_FLEET } from "../support/fleets";
import { type Liar, startLiar } from "../support/liar";
import { makeProject, type Project, run } from "../support/project";

const ANSI = "\u001b[2J\u001b[1;1Hall is well\u202e\n";
const REFUSAL = JSON.stringify({ error: { code: 400, err_code: 10099, description: ANSI } });

/** A thief has the credentials of edge2, whose own link is cut, and answers in its place. */
describe("a stack of which one device lies, through the real CLI", () => {
	let project: Project;
	let liar: Liar | undefined;

	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
		const made = await project.pulumi("up", "--yes");
		expect(made.code, made.text).toBe(0);
		const folder = join(project.dir, ".leafline/local/edge2");
		const { leafline } = stackOutputs.parse(await project.outputs());
		const credentials = readFileSync(join(folder, "leaf.creds"), "utf8");
		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(await project.outputs()), { mode: 0o600 });
		const cut = await command("cut", "edge2");
		expect(cut.code, cut.text).toBe(0);
		liar = await startLiar({ port: project.ports.leaf, ca: leafline.ca, credentials, name: "edge2" });
	});
	afterAll(async () => {
		liar?.close();
		await project?.close();
	});

	const command = (...args: string[]) => {
		const env = { ...process.env, XDG_CACHE_HOME: join(project.dir, "cache") };
		const main = join(project.dir, "bin/cli/main.js");
		const outputs = join(project.dir, "outputs.json");
		return run(process.execPath, [main, ...args, "--outputs", outputs], { cwd: project.dir, env });
	};
	const maxBytes = async () => {
		const edge = await connect({ servers: `127.0.0.1:${project.firstClientPort}` });
		try {
			return (await (await edge.jetstreamManager()).streams.info("edge1_sensor")).config.max_bytes;
		} finally {
			await edge.close();
		}
	};

	test("up does everything else, fails and names it; status does as well; refresh keeps what is known", async () => {
		const before = await maxBytes();
		project.writeFleet(SMALL_FLEET.replace("256MiB", "300MiB").replaceAll("keep: 1d", "keep: 2d"));
		liar?.tell(() => ['{"config":null,"state":null}']);
		const { code, text } = await project.pulumi("up", "--yes");
		expect(code, text).not.toBe(0);
		expect(text).toMatch(/Devices devices .*updating failed/);
		expect(text).toMatch(
			/1 device failed, all others are done:\s+edge2: edge2 STREAM\.LIST: its answer cannot be used: /,
		);
		expect(await maxBytes()).not.toBe(before);
		expect(text).toMatch(/Stream hub_sensor updated/);
		const { leafline } = stackOutputs.parse(await project.outputs());
		expect(Object.keys(leafline.pending)).toEqual(["edge2"]);

		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(await project.outputs()), { mode: 0o600 });
		const told = await command("status");
		expect(told.stdout).toMatch(/edge2: waits for the next update: edge2 STREAM\.LIST: its answer cannot be used: /);
		expect(told.stdout).toMatch(/edge1 +up /);

		liar?.tell(() => [REFUSAL]);
		const refreshed = await project.pulumi("refresh", "--yes");
		expect(refreshed.code, refreshed.text).toBe(0);
		const again = await project.pulumi("up", "--yes");
		expect(again.code).not.toBe(0);
		expect(again.text).toMatch(/edge2: edge2 STREAM\.LIST: \[2J \[1;1Hall is well \(10099\)/);
		expect(again.text).not.toContain("\u202e");
	}, 300_000);

	test("the next update heals it when its own server answers again", async () => {
		liar?.close();
		liar = undefined;
		const back = await command("restore", "edge2");
		expect(back.code, back.text).toBe(0);
		const healed = await project.pulumi("up", "--yes");
		expect(healed.code, healed.text).toBe(0);
		const { leafline } = stackOutputs.parse(await project.outputs());
		expect(leafline.pending).toEqual({});
		const preview = await project.pulumi("preview", "--expect-no-changes");
		expect(preview.code, preview.text).toBe(0);
		const down = await project.pulumi("destroy", "--yes");
		expect(down.code, down.text).toBe(0);
	}, 300_000);
});
