import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NODE } from "../../../render/node/files";
import { renderReport } from "../../../render/node/report";

/** The real script, in a folder of its own, with an `aws` that takes figures or refuses them. */
describe("the first figure of a node's volume", () => {
	let folder: string;
	const path = (name: string) => join(folder, name);
	const taken = () => (existsSync(path("taken")) ? readFileSync(path("taken"), "utf8").trim().split("\n") : []);

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "leafline-report-"));
		writeFileSync(path("node.env"), "REGION=eu-central-1\nPARAMETERS=/leafline/prod/hub/2\n");
		const script = renderReport().replaceAll(NODE.env, path("node.env")).replaceAll(`mount=${NODE.mount}`, "mount=/");
		writeFileSync(path("report.sh"), script);
		const refuse = 'if [ -e "$0.refuses" ]; then echo "AccessDenied: not authorized" >&2; exit 254; fi';
		writeFileSync(path("aws"), `#!/bin/sh\n${refuse}\necho "$*" >>'${path("taken")}'\n`);
		chmodSync(path("aws"), 0o755);
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));

	const first = () =>
		spawnSync("sh", [path("report.sh"), "first"], {
			encoding: "utf8",
			env: {
				PATH: `${folder}:${process.env.PATH}`,
				STATE_DIRECTORY: path("state"),
				RUNTIME_DIRECTORY: path("run"),
			},
		});

	it("is sent once, and never again by an update", () => {
		expect(first()).toMatchObject({ status: 0, stderr: "" });
		expect(taken()).toEqual([
			expect.stringMatching(/^cloudwatch put-metric-data .*--dimensions Environment=prod,Node=2 --value \d+$/),
		]);
		expect(first().status).toBe(0);
		expect(taken()).toHaveLength(1);
	});

	it("fails the update where CloudWatch does not take it, in AWS's words, until it does", () => {
		writeFileSync(path("aws.refuses"), "");
		const { status, stderr } = first();
		expect(status).toBe(1);
		expect(stderr).toContain("AccessDenied: not authorized");
		expect(stderr).toContain("the hub runs, but CloudWatch has no figure of its volume");
		rmSync(path("aws.refuses"));
		expect(first().status).toBe(0);
	});

	it("is of no matter once there was one: the alarm tells of a node that falls silent", () => {
		expect(first().status).toBe(0);
		writeFileSync(path("aws.refuses"), "");
		expect(first().status).toBe(0);
	});
});
