import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { preview } from "../../../render/iam/preview";
import { findOnPath } from "../../../toolchain/paths.js";

const FILE = ".github/workflows/leafline.yml";
const ACTIONLINT = "v1.7.12";
const text = readFileSync(FILE, "utf8");

interface Step {
	readonly uses?: string;
	readonly run?: string;
}
interface Job {
	readonly permissions?: Record<string, string>;
	readonly "timeout-minutes"?: number;
	readonly steps: readonly Step[];
}
const workflow = parse(text) as { permissions: object; concurrency: object; jobs: Record<string, Job> };
const jobs = Object.entries(workflow.jobs);

describe("the workflow", () => {
	const tool = actionlint();

	test.skipIf(typeof tool !== "string")(`is accepted by actionlint ${ACTIONLINT}${reason(tool)}`, () => {
		const { status, stdout, stderr } = spawnSync(String(tool), ["-no-color", FILE], { encoding: "utf8" });
		expect(`${stdout}${stderr}`).toBe("");
		expect(status).toBe(0);
	});

	test("pins every action by commit, and names its version", () => {
		const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action ?? "");
		expect(uses.length).toBeGreaterThan(10);
		for (const action of uses) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
	});

	test("gives no job more than it needs: who writes runs no code of the pull request", () => {
		expect(workflow.permissions).toEqual({});
		for (const [name, job] of jobs) {
			const writes = Object.entries(job.permissions ?? {}).filter(
				([right, level]) => level === "write" && right !== "id-token",
			);
			const runsCode = job.steps.some(({ uses }) => uses?.startsWith("actions/checkout@"));
			expect(writes.length > 0 && runsCode, name).toBe(false);
			expect(job["timeout-minutes"], name).toBeGreaterThan(0);
		}
	});

	test("puts nothing of the pull request's author into a shell, and no event into a file", () => {
		const scripts = jobs.flatMap(([, { steps }]) => steps.map(({ run = "" }) => run));
		expect(scripts.join("\n")).not.toContain("${{");
		expect(scripts.filter((script) => script.includes("preview --stack"))).toHaveLength(1);
		expect(scripts.find((script) => script.includes("preview --stack"))).toMatch(/--policy-pack policies [^\n]*\|\n/);
	});
});

test("the role of a preview may change nothing", () => {
	const place = { partition: "aws", region: "eu-central-1", account: "123456789012", environment: "prod" };
	const hub = { volumes: true, snapshots: true, image: "al2023-ami" };
	const state = { bucket: "acme-pulumi-state", project: "leafline" };
	const statements = preview({ ...place, hub, state, stateKey: "alias/leafline-prod-state", boundary: "" });
	const actions = statements.filter(({ effect }) => effect !== "Deny").flatMap((statement) => statement.actions);
	expect(actions.length).toBeGreaterThan(5);
	for (const action of actions) expect(action).toMatch(/^(?:[a-z0-9]+:(?:Get|List|Describe)[A-Za-z]*|kms:Decrypt)$/);
});

/** Path of actionlint: on PATH, else in the cache, else built there once. An object says why there is none. */
function actionlint(): string | { readonly why: string } {
	const [onPath] = findOnPath("actionlint", process.env);
	if (onPath !== undefined) return onPath;
	const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
	const folder = join(
		cache,
		"leafline",
		"tools",
		"actionlint",
		`${ACTIONLINT.slice(1)}-${process.platform}-${process.arch}`,
	);
	const file = join(folder, "actionlint");
	if (existsSync(file)) return file;
	const [go] = findOnPath("go", process.env);
	if (go === undefined) return { why: "neither actionlint nor Go is on PATH" };
	const { status, stderr } = spawnSync(go, ["install", `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`], {
		encoding: "utf8",
		env: { ...process.env, GOBIN: folder },
		timeout: 90_000,
	});
	return status === 0 ? file : { why: `go install failed: ${stderr.trim().split("\n").at(-1)}` };
}

function reason(tool: ReturnType<typeof actionlint>): string {
	return typeof tool === "string" ? "" : ` (not run: ${tool.why})`;
}
