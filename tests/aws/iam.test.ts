import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { awsTopology, type Deployed, deploy } from "./deploy";

const FOLDER = "docs/iam";

interface Statement {
	readonly Sid?: string;
	readonly Effect: string;
	readonly Action: string | readonly string[];
	readonly Resource?: string | readonly string[];
	readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const list = (value: string | readonly string[] = []) => (typeof value === "string" ? [value] : value);
const text = (file: string) => readFileSync(`${FOLDER}/${file}.json`, "utf8");
const statements = (file: string): readonly Statement[] => JSON.parse(text(file)).Statement;
const allowed = (file: string) => statements(file).filter(({ Effect }) => Effect === "Allow");
const actionsOf = (all: readonly Statement[]) => all.flatMap(({ Action }) => list(Action));
const keysOf = ({ Condition = {} }: Statement) => Object.values(Condition).flatMap((test) => Object.keys(test));

const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
const POLICIES = FILES.map((file) => file.slice(0, -5));

/** Actions that AWS lets nobody narrow to a resource, and that change nothing of somebody else's. */
const NOT_NARROWED = ["sns:Unsubscribe"];
const READS = /:(Get|List|Describe)\w*\*?$/;

describe.each(POLICIES)("docs/iam/%s.json", (file) => {
	it("is a policy that IAM takes in this size", () => {
		expect(JSON.parse(text(file)).Version).toBe("2012-10-17");
		// Of a managed policy; blanks do not count.
		expect(JSON.stringify(JSON.parse(text(file))).length).toBeLessThan(6_144);
		const sids = statements(file).flatMap(({ Sid }) => Sid ?? []);
		expect(new Set(sids).size).toBe(sids.length);
		for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/);
	});

	it("names actions one by one, and families only for looking", () => {
		for (const action of actionsOf(allowed(file))) {
			expect(action).toMatch(/^[a-z0-9-]+:[A-Z]\w+$|^(ec2:Describe|s3:Get)\*$/);
		}
		for (const { Action } of statements(file)) expect(new Set(list(Action)).size).toBe(list(Action).length);
	});

	it("has placeholders that the page explains, and no other", () => {
		const found = text(file).match(/\b[A-Z][A-Z_]{2,}\b/g) ?? [];
		const page = readFileSync(`${FOLDER}/README.md`, "utf8");
		for (const placeholder of new Set(found)) expect(page).toContain(`\`${placeholder}\``);
	});
});

describe.each(["deploy-machines", "deploy-services", "state"])("who deploys, by %s", (file) => {
	it("changes only what is by name or by tag the stack's", () => {
		for (const statement of allowed(file)) {
			const everything = list(statement.Resource).some((arn) => arn === "*" || /:\*?\/?\*$/.test(arn));
			if (!everything) continue;
			const tagged = keysOf(statement).some((key) => key.endsWith("Tag/leafline:environment"));
			const rest = list(statement.Action).filter((action) => !READS.test(action) && !NOT_NARROWED.includes(action));
			expect(tagged ? [] : rest, statement.Sid).toEqual([]);
		}
	});

	it("hands on no role but the stack's, and to nobody but the two services", () => {
		for (const statement of allowed(file)) {
			if (!list(statement.Action).includes("iam:PassRole")) continue;
			expect(list(statement.Action)).toEqual(["iam:PassRole"]);
			expect(statement.Resource).toBe("arn:aws:iam::ACCOUNT:role/leafline/*");
			expect(statement.Condition).toEqual({
				StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", "dlm.amazonaws.com"] },
			});
		}
	});

	it("gives no role rights beyond the boundary", () => {
		const giving = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"];
		for (const statement of allowed(file)) {
			if (!list(statement.Action).some((action) => giving.includes(action))) continue;
			expect(keysOf(statement)).toContain("iam:PermissionsBoundary");
		}
		expect(actionsOf(allowed(file))).not.toContain("iam:DeleteRolePermissionsBoundary");
		for (const action of actionsOf(allowed(file)))
			expect(action).not.toMatch(/^iam:\w*(User|Group|AccessKey|PolicyVersion)/);
	});
});

it("is trusted from one environment of one repository alone", () => {
	const [statement, ...others] = statements("trust");
	expect(others).toEqual([]);
	expect(statement?.Condition).toEqual({
		StringEquals: {
			"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
			"token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:environment:GITHUB_ENVIRONMENT",
		},
	});
});

describe("the boundary", () => {
	let stack: Deployed;
	beforeAll(async () => {
		stack = await deploy(awsTopology({ nodes: 3, aws: { kmsKeyId: KEY } }));
	});

	it("leaves to the roles of the stack all that they have of their own", () => {
		const within = actionsOf(statements("boundary"));
		const policies = Object.values(stack.of("aws:iam/rolePolicy:RolePolicy"));
		expect(policies.length).toBeGreaterThan(0);
		for (const { inputs } of policies) {
			const own: readonly Statement[] = JSON.parse(String(inputs.policy)).Statement;
			const needed = actionsOf(own.filter(({ Effect }) => Effect === "Allow"));
			expect(needed.filter((action) => !within.includes(action))).toEqual([]);
		}
	});

	it("and the policies that may be attached are those that are", () => {
		const attached = Object.values(stack.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment"));
		const may = statements("deploy-services").flatMap(({ Condition }) => Condition?.ArnEquals?.["iam:PolicyARN"] ?? []);
		expect(attached.map(({ inputs }) => inputs.policyArn).sort()).toEqual([...may].sort());
	});

	it("roles are where it is looked for", () => {
		for (const { inputs } of Object.values(stack.of("aws:iam/role:Role"))) expect(inputs.path).toBe("/leafline/");
		for (const { inputs } of Object.values(stack.of("aws:iam/instanceProfile:InstanceProfile"))) {
			expect(inputs.path).toBe("/leafline/");
		}
		for (const { inputs } of Object.values(stack.of("aws:s3/bucket:Bucket")))
			expect(inputs.bucketPrefix).toBe("leafline-");
	});
});

describe("what tags decide on", () => {
	it("is tagged", async () => {
		const stack = await deploy(awsTopology({ nodes: 3, aws: { alarms: { email: "ops@example.com" } } }));
		const untagged = stack.all.filter(({ type, inputs }) => {
			return TAGGED.test(type) && (inputs.tags as Record<string, string>)?.["leafline:environment"] !== "prod";
		});
		expect(untagged.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
		expect(stack.all.filter(({ type }) => TAGGED.test(type)).length).toBeGreaterThan(20);
	});
});

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";

/** Types that deploy-machines.json and deploy-services.json allow by their tag. */
const TAGGED =
	/^aws:(ec2\/(vpc|subnet|internetGateway|routeTable|securityGroup|networkInterface|eip|instance|defaultSecurityGroup):|ebs\/volume:|vpc\/securityGroup\w+Rule:|ssm\/document:|cloudwatch\/metricAlarm:|sns\/topic:|dlm\/)/;
