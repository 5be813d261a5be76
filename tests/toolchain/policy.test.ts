import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, type Project } from "./project";

/** Policy packs, and programs that fail, through the real engine. */

const PROGRAM = `
require("../toolchain/readable-stacks.js");
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const fault = config.get("fault");
if (fault === "run-error") throw new pulumi.RunError("the fleet file has two mistakes");
if (fault === "error") throw new Error("unforeseen");
if (fault === "exit") process.exit(9);
new command.local.Command("thing", { create: config.get("create") ?? "true" });
`;

const PACK = `
const { PolicyPack } = require("@pulumi/policy");
const pulumi = require("@pulumi/pulumi");
new PolicyPack("tryout-policies", { policies: [{
	name: "no-false",
	description: "Nothing runs false.",
	enforcementLevel: "mandatory",
	validateResource: (args, report) => {
		if (args.props.create === "false") {
			report("false on " + pulumi.getStack() + " with greeting " + new pulumi.Config("tryout").get("greeting"));
		}
	},
}] });
`;

let project: Project;
beforeAll(() => {
	project = createProject(PROGRAM);
	project.write("policies/PulumiPolicy.yaml", "runtime: nodejs\n");
	project.write(
		"policies/package.json",
		JSON.stringify({ name: "tryout-policies", version: "1.2.3", main: "index.js" }),
	);
	project.write("policies/index.js", PACK);
});
afterAll(() => project.dispose());

describe("a policy pack", () => {
	it("lets pass what keeps the rules", async () => {
		const { code, text } = await project.run("pulumi", "preview", "--policy-pack", "policies");
		expect(text).toMatch(/tryout-policies/);
		expect(text).toMatch(/2 to create/);
		expect(code).toBe(0);
	});

	it("stops an update before anything is made, and knows the stack and its settings", async () => {
		const { code, text } = await project.run("up", "--policy-pack", "policies", "--config", "create=false");
		expect(code).not.toBe(0);
		expect(text).toContain("false on local with greeting hello");
		expect(text).not.toContain("Updating (local)");
		const state = JSON.parse(project.read(".leafline/state/.pulumi/stacks/tryout/local.json"));
		expect(state.checkpoint.latest?.resources ?? []).toEqual([]);
	});
});

describe("a program that fails", () => {
	it.each([
		["run-error", /the fleet file has two mistakes/, false],
		["error", /unforeseen/, true],
		["exit", /non-zero exit code: 9/, false],
	])("%s: is shown as it should be", async (fault, message, withTrace) => {
		const started = Date.now();
		const { code, text } = await project.run("pulumi", "preview", "--config", `fault=${fault}`);
		expect(code).not.toBe(0);
		expect(text).toMatch(message);
		// Half a minute without toolchain/readable-stacks.js.
		expect(Date.now() - started).toBeLessThan(20_000);
		expect(/\n\s+at /.test(text)).toBe(withTrace);
	});
});
