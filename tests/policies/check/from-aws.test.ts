import { describe, expect, test } from "vitest";
import { evaluate } from "../../../policies/evaluate";
import { fromTopology } from "../../../policies/from-topology";
import type { Design, Outcome } from "../../../policies/model";
import { rules } from "../../../policies/rules";
import { hubRules } from "../../../policies/rules/hub";
import { accessTo } from "../../../render/node/access";
import { awsTopology } from "../../aws/deploy";
import { policyConfig } from "../fixture";

const READER = "sg-0123456789abcdef0";
const STORE = { file: "90GiB", aws: { storage: "instance-store", instanceType: "m7gd.large" } };

const judged = (hub: object, stack?: string, more?: object): Design => fromTopology(awsTopology(hub, stack, more));

function verdicts(design: Design, name: string): Outcome["verdict"][] {
	const rule = rules.find((one) => one.name === name);
	if (!rule) throw new Error(`there is no rule ${name}`);
	return rule.check(design, policyConfig()).map(({ verdict }) => verdict);
}

describe("a hub on AWS, without an engine", () => {
	test.each([
		["of one node", { nodes: 1 }, "dev"],
		["of three", { nodes: 3 }, "prod"],
		["with readers", { nodes: 3, aws: { readers: [READER] } }, "prod"],
		["on instance store", { nodes: 3, ...STORE }, "prod"],
	])("%s, keeps every rule", (_, hub, stack) => {
		expect(evaluate(judged(hub, stack), policyConfig({ production: stack === "prod" }), rules)).toEqual([]);
	});

	// Which server the nodes will run is a file on the machine that deploys them.
	const rulesOfPlans = hubRules.filter(({ name }) => name !== "server-version-has-the-fixes");
	test.each(rulesOfPlans.map(({ name }) => [name]))("gives %s something to judge", (name) => {
		const design = judged({ nodes: 3, ...(name.startsWith("instance-store") && STORE) });
		expect(verdicts(design, name)).toContain("complies");
	});

	test("has machines and volumes for every node, and one listener for readers", () => {
		const { instances, volumes, servers } = judged({ nodes: 3, aws: { readers: [READER] } });
		expect(instances.map(({ origin, replicas }) => [origin.label, replicas])).toEqual([
			["machine of hub_1", 3],
			["machine of hub_2", 3],
			["machine of hub_3", 3],
		]);
		expect(instances[1]?.userData).toContain("PARAMETERS=/leafline/prod/hub/2\n");
		expect(volumes).toHaveLength(3);
		expect(verdicts({ ...judged({ nodes: 3 }), servers }, "max-file-fits-disk")).toEqual(Array(3).fill("complies"));
		expect(judged({ nodes: 3, ...STORE }).volumes).toEqual([]);
	});

	test("lets in who the security group lets in", () => {
		const { settings } = awsTopology({ nodes: 3, aws: { readers: [READER] } });
		const { ingress } = judged({ nodes: 3, aws: { readers: [READER] } });
		expect(ingress.map(({ fromPort, cidrs, groups }) => [fromPort, ...cidrs, ...groups])).toEqual([
			[7422, "0.0.0.0/0"],
			[6222, "hub"],
			[4222, READER],
		]);
		expect(accessTo(settings.hub).map(({ port }) => port)).toEqual([7422, 6222, 4222]);
	});

	test("that may lose its data is not for production", () => {
		const found = evaluate(judged({ nodes: 3 }, "prod", { allowDataLoss: true }), policyConfig(), rules);
		expect(found.map(({ rule, message }) => `${rule}: ${message}`)).toEqual(
			[1, 2, 3].map(
				(node) =>
					`hub-volume-is-protected: data volume of hub_${node} is not protected: a replacement or destroy deletes it with all its messages`,
			),
		);
		expect(found[0]?.origin.place).toEqual({ document: "settings", path: ["allowDataLoss"] });
	});
});
