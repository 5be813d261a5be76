import { join } from "node:path";
import { expect, it } from "vitest";
import { readFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { readStackFile } from "../../config/stack-file";
import { evaluate } from "../../policies/evaluate";
import { fromTopology } from "../../policies/from-topology";
import { rules } from "../../policies/rules";
import { plan } from "../../topology/plan";
import { compliantDesign, policyConfig } from "./fixture";

const ROOT = join(__dirname, "../..");

it("the compliant design passes all rules", () => {
	expect(evaluate(compliantDesign(), policyConfig(), rules)).toEqual([]);
});

it.each(["local", "dev", "staging", "prod"])("what this repository deploys as %s passes all rules", (stack) => {
	const { settings, problems } = parseSettings(stack, readStackFile(ROOT, stack)?.raw ?? {});
	if (settings === undefined) throw new Error(JSON.stringify(problems));
	const { topology } = plan(readFleet(join(ROOT, settings.fleet)), settings);
	if (topology === undefined) throw new Error("no plan");
	expect(evaluate(fromTopology(topology), policyConfig({ production: stack === "prod" }), rules)).toEqual([]);
});
