import { describe, expect, it } from "vitest";
import { boundary } from "../../render/iam/boundary";
import { LIMITS, sizeOf } from "../../render/iam/document";
import type { Scope } from "../../render/iam/model";
import { planIam, ROLES } from "../../render/iam/plan";
import { ENVIRONMENT_TAG } from "../../topology/aws-names";
import { type Environment, environment, json } from "../support/aws/iam/environment";
import { decide, type JsonStatement, list, type Request } from "../support/aws/iam/evaluate";
import { mistakesIn } from "../support/aws/iam/lint";
import { awsTopology, deploy } from "./deploy";

/** Whether the policies are such that AWS takes them, and mean what they say. */

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";
const EVERYTHING: Scope["hub"] = {
	dns: { zoneId: "Z0123456789ABCDEFGHIJ", names: ["hub.example.com", "1.hub.example.com"] },
	topic: "own",
	kmsKeyId: KEY,
	volumes: true,
	snapshots: true,
	image: "al2023-ami-2023.12.20260918.0-kernel-6.12-arm64",
};
const SCOPES: readonly [string, Scope["hub"], string][] = [
	["everything", EVERYTHING, "prod"],
	["little", { volumes: false, snapshots: false, image: "ami-0123456789abcdef0" }, "dev"],
	[
		"what exists already",
		{ ...EVERYTHING, topic: "arn:aws:sns:eu-central-1:1:ops", network: { vpcId: "vpc-1", subnetIds: ["subnet-1"] } },
		"prod",
	],
	["a name of 40 characters", EVERYTHING, "production-of-the-mines-in-the-far-north"],
];

const scopeOf = (hub: Scope["hub"], name: string): Scope => ({
	...{ partition: "aws", region: "eu-central-1", account: "123456789012", environment: name, hub },
	boundary: `arn:aws:iam::123456789012:policy/leafline/${name}/boundary`,
	state: { bucket: "acme-pulumi-state", project: "leafline" },
	stateKey: "alias/leafline-state",
});

/** What AWS narrows to no resource and no tag, though it changes something; the page says so of each. */
const NOT_NARROWED = ["sns:Unsubscribe"];

describe.each(SCOPES)("policies for %s", (_, hub, name) => {
	const scope = scopeOf(hub, name);
	const plan = planIam(scope, { github: { repository: "acme/fleet" } });
	const policies = [plan.boundary, ...plan.roles.flatMap((role) => role.policies)];

	it("are of a size that AWS takes", () => {
		for (const { statements } of policies) expect(sizeOf(statements)).toBeLessThanOrEqual(LIMITS.managed);
		for (const { trust, policies: own } of plan.roles) {
			expect(sizeOf(trust)).toBeLessThanOrEqual(LIMITS.trust);
			expect(own.length).toBeLessThanOrEqual(LIMITS.attached);
		}
	});

	it("ask for no action, resource or condition key that AWS does not have", async () => {
		for (const { statements } of policies) {
			for (const statement of json(statements)) expect(await mistakesIn(statement)).toEqual([]);
		}
	});

	it("name each statement once, give its reason, and spell out each action", () => {
		for (const { statements } of policies) {
			expect(new Set(statements.map(({ sid }) => sid)).size).toBe(statements.length);
			for (const { sid, reason, actions, effect } of statements) {
				expect(sid).toMatch(/^[A-Za-z0-9]+$/);
				expect(reason).toMatch(/^[A-Z].+[.?]$/);
				expect(new Set(actions).size).toBe(actions.length);
				if (effect !== "Deny") for (const action of actions) expect(action).toMatch(/^[a-z0-9-]+:[A-Z]\w+$/);
			}
		}
	});

	it("change nothing that is not the environment's by its name or its tag", () => {
		for (const { statements } of plan.roles.flatMap((role) => role.policies)) {
			for (const { Effect, Action, Resource, Condition = {} } of json(statements)) {
				const wide = list(Resource).some((arn) => arn === "*" || /:\*\/\*$/.test(arn));
				const tagged = Object.values(Condition).some((tests) =>
					Object.keys(tests).some((key) => key.endsWith(ENVIRONMENT_TAG)),
				);
				if (Effect === "Deny" || !wide || tagged) continue;
				const changes = list(Action).filter((action) => !/:(Get|List|Describe|Filter)/.test(action));
				expect(changes.filter((action) => !NOT_NARROWED.includes(action))).toEqual([]);
			}
		}
	});
});

describe("statements that AWS would take and never apply", () => {
	const allow = (more: Partial<JsonStatement>): JsonStatement => ({
		Sid: "S",
		Effect: "Allow",
		Resource: "*",
		...more,
	});
	const tag = { StringEquals: { "aws:ResourceTag/leafline:environment": "prod" } };

	it.each([
		[
			"a key that an action does not have",
			{ Action: "sns:GetSubscriptionAttributes", Condition: tag },
			"no condition key",
		],
		["a tag of what is listed", { Action: "ec2:DescribeInstances", Condition: tag }, "no condition key"],
		["a tag of what is being made", { Action: "ec2:CreateInternetGateway", Condition: tag }, "no condition key"],
		[
			"a resource that an action does not know",
			{ Action: "ec2:AttachVolume", Resource: "arn:aws:ec2:eu-central-1:1:vpc/*" },
			"knows no resource",
		],
		[
			"a resource where there is none",
			{ Action: "ssm:DescribeParameters", Resource: "arn:aws:ssm:eu-central-1:1:parameter/x" },
			"knows no resource",
		],
		["an action that there is not", { Action: "ec2:DescribeMachines" }, "AWS has no action"],
		[
			"a resource that is nothing to any of its actions",
			{ Action: "s3:GetObject", Resource: ["arn:aws:s3:::b/*", "arn:aws:kms:eu-central-1:1:key/x"] },
			"is nothing to any action",
		],
	])("are found: %s", async (_, more, mistake) => {
		expect((await mistakesIn(allow(more))).join("\n")).toContain(mistake);
	});
});

describe("the boundary", () => {
	it("leaves to the roles of the stack all that they have of their own", async () => {
		const prod = await environment("prod", { aws: { kmsKeyId: KEY } });
		const policies = Object.values(prod.deployed.of("aws:iam/rolePolicy:RolePolicy"));
		expect(policies.length).toBe(1);
		for (const { inputs } of policies) {
			const own: readonly JsonStatement[] = JSON.parse(String(inputs.policy)).Statement;
			for (const request of ofANode(prod)) {
				expect(await decide({ policies: own, boundary: json(boundary(prod.scope)) }, request)).toEqual({
					allowed: true,
					why: "",
				});
			}
		}
	});

	it("leaves to snapshots what they need", async () => {
		const prod = await environment("prod");
		const tags = { "aws:RequestTag/leafline:environment": "prod", "aws:RequestTag/leafline:snapshot": "prod" };
		const snapshot = { arn: "arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0" };
		const requests: Request[] = [
			{ action: "ec2:CreateSnapshot", targets: [prod.world.own("volume"), snapshot], keys: tags },
			{ action: "ec2:CreateTags", targets: [snapshot], keys: { ...tags, "ec2:CreateAction": "CreateSnapshot" } },
			{ action: "ec2:CreateTags", targets: [snapshot], keys: tags },
			{ action: "ec2:DeleteSnapshot", targets: [{ ...snapshot, tags: prod.world.tag }] },
			{ action: "ec2:DescribeVolumes", targets: [] },
		];
		for (const request of requests) expect(await decide(prod.anyOwnRole, request)).toEqual({ allowed: true, why: "" });
	});
});

describe("what policies find by tag and by path", () => {
	it("is there", async () => {
		const stack = await deploy(awsTopology({ nodes: 3, aws: { alarms: { email: "ops@example.com" } } }));
		const tagged = stack.all.filter(({ type }) => TAGGED.test(type));
		const without = tagged.filter(
			({ inputs }) => (inputs.tags as Record<string, string>)?.[ENVIRONMENT_TAG] !== "prod",
		);
		expect(without.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
		expect(tagged.length).toBeGreaterThan(20);
		for (const { inputs } of Object.values(stack.of("aws:ec2/instance:Instance"))) {
			expect(inputs.volumeTags).toMatchObject({ [ENVIRONMENT_TAG]: "prod" });
			expect(inputs.rootBlockDevice).not.toHaveProperty("tags");
		}
	});
});

function ofANode({ world }: Environment): Request[] {
	const parameter = { arn: world.arn("ssm", "parameter/leafline/prod/hub/1/leaf.key"), tags: world.tag };
	// The bucket and the log group have on mocks the names of their resources.
	return [
		{ action: "ssm:GetParametersByPath", targets: [parameter] },
		{
			action: "kms:Decrypt",
			targets: [{ arn: KEY }],
			keys: {
				"kms:ViaService": "ssm.eu-central-1.amazonaws.com",
				"kms:EncryptionContext:PARAMETER_ARN": parameter.arn,
			},
		},
		{ action: "cloudwatch:PutMetricData", targets: [], keys: { "cloudwatch:namespace": "leafline" } },
	];
}

it("gives every role to somebody", () => {
	const { roles } = planIam(scopeOf(EVERYTHING, "prod"), { github: { repository: "acme/fleet" } });
	expect(roles.map(({ role, name }) => [role, name])).toEqual(ROLES.map((role) => [role, `leafline-prod-${role}`]));
	expect(roles.map(({ trust }) => JSON.stringify(trust[0]?.principal))).toEqual([
		expect.stringContaining("oidc-provider"),
		expect.stringContaining("oidc-provider"),
		'{"AWS":["arn:aws:iam::123456789012:root"]}',
	]);
});

/** Types that policies allow by their tag. */
const TAGGED =
	/^aws:(ec2\/(vpc|subnet|internetGateway|routeTable|securityGroup|networkInterface|eip|instance):|ebs\/volume:|vpc\/securityGroup\w+Rule:|ssm\/document:|cloudwatch\/metricAlarm:|sns\/topic:|dlm\/)/;
