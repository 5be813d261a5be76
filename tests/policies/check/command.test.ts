import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

/** The exit codes that CI depends on, through the built command line. */
function leafline(args: readonly string[], input = "") {
	const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/cli/main.js", ...args], {
		encoding: "utf8",
		input,
	});
	return { status, stdout, stderr };
}

const TIMED =
	'process.on("exit", () => process.stderr.write("cpu " + process.cpuUsage().user / 1000)); require("./bin/cli/main.js")';

// Processor time, for other programs make a busy machine's clock run faster.
test("prod complies, offline, within 2 s", { retry: 2 }, () => {
	const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", TIMED, "--", "check", "--stack", "prod"], {
		encoding: "utf8",
	});
	expect(stdout, stderr).toMatch(/^prod complies: \d+ rules on 500 devices/);
	expect(status).toBe(0);
	expect(Number(/cpu ([\d.]+)$/.exec(stderr)?.[1])).toBeLessThan(2000);
});

test.each([
	[["check"], "required option"],
	[["check", "--stack", "nope"], "there is no stack nope"],
	[["check", "--stack", "prod", "--format", "html"], "Allowed choices"],
	[["check", "--stack", "prod", "--policy-config", "gone.json"], "gone.json cannot be read"],
	[["review"], "required option"],
	[["review", "--events", "gone.jsonl"], "gone.jsonl cannot be read"],
	[["review", "--events", "-"], "there are no events"],
])("%j is asked in the wrong way", (args, message) => {
	const { status, stdout, stderr } = leafline(args);
	expect(stderr).toContain(message);
	expect(stdout).toBe("");
	expect(status).toBe(2);
});

test("the project is found from a folder below, and where there is none the message says where it looked", () => {
	const below = { encoding: "utf8", cwd: "fleets" } as const;
	const main = resolve("bin/cli/main.js");
	const found = spawnSync(
		process.execPath,
		[main, "check", "--stack", "org/leafline/dev", "--fleet", "demo.yaml"],
		below,
	);
	expect(found.stdout, found.stderr).toMatch(/^dev complies: /);
	const { status, stderr } = spawnSync(process.execPath, [main, "check", "--stack", "prodd"], below);
	expect(stderr).toContain(
		`there is no stack prodd: ${resolve("Pulumi.prodd.yaml")} does not exist; did you mean prod?`,
	);
	expect(status).toBe(2);
});

test("a refused change is 1, and plain JSON is refused with the reason", () => {
	const { status, stdout } = leafline(["review", "--events", "tests/policies/recorded/change.jsonl"]);
	expect(stdout).toMatch(/^<!-- leafline:local -->/);
	expect(status).toBe(1);
	const plain = leafline(["review", "--events", "-"], '{\n  "steps": []\n}\n');
	expect(plain.stderr).toContain("PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1");
	expect(plain.status).toBe(2);
});
