import { beforeAll, describe, expect, it } from "vitest";
import { type RoleName, statementsOf } from "../../render/iam/plan";
import { callsOf } from "../support/aws/iam/calls";
import { CONFIGURE, DIFF, lookUp, readState, stateFiles, writeState } from "../support/aws/iam/calls/around";
import { type Environment, environment, json, STATE } from "../support/aws/iam/environment";
import { decide, list, type Request, typeOf } from "../support/aws/iam/evaluate";
import { factsOf } from "../support/aws/iam/reference";

/** Every request that a deployment makes, by resource and operation, against the policies that `npm run iam` writes. */

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:ops";
const DNS = { zoneId: "Z0123456789ABCDEFGHIJ", name: "hub.example.com" };
const GIVEN = { vpcId: "vpc-0123456789abcdef0", subnetIds: ["subnet-0000000000000000a"] };

const SHAPES: readonly [string, Parameters<typeof environment>[1]][] = [
	["three nodes, a mail address, names", { aws: { alarms: { email: "ops@example.com" }, dns: DNS } }],
	["a key of the user's own", { aws: { kmsKeyId: KEY } }],
	["a network and a topic that exist", { nodes: 1, aws: { network: GIVEN, alarms: { topicArn: TOPIC } } }],
	["no snapshots", { nodes: 1, aws: { snapshots: { keep: 0 } } }],
	["instance store", { aws: { storage: "instance-store", instanceType: "m7gd.xlarge" } }],
	["an image by its id", { aws: { image: "ami-0123456789abcdef0" } }],
];

const OPERATIONS = ["create", "read", "update", "delete"] as const;

/** What the role is denied of the requests. */
async function denied(where: Environment, role: RoleName, requests: readonly Request[]): Promise<string[]> {
	const identity = where.may(role);
	const verdicts = await Promise.all(requests.map((request) => decide(identity, request)));
	return [...new Set(verdicts.filter(({ allowed }) => !allowed).map(({ why }) => why))];
}

function requestsOf({ deployed, world }: Environment): Request[] {
	const made = deployed.all.flatMap((seen) => {
		const calls = callsOf(seen, world);
		return calls ? OPERATIONS.flatMap((operation) => calls[operation]) : [];
	});
	return [...CONFIGURE, ...deployed.looks.flatMap((token) => lookUp(token, world)), ...DIFF, ...made];
}

describe.each(SHAPES)("who deploys %s", (_, hub) => {
	let prod: Environment;
	beforeAll(async () => {
		prod = await environment("prod", hub);
	});

	it("may make, read, change and delete every resource of it", async () => {
		expect(await denied(prod, "deploy", requestsOf(prod))).toEqual([]);
	});

	it("may change nothing that no request changes", async () => {
		const needed = new Set([...requestsOf(prod), ...stateRequests("prod")].map(({ action }) => action));
		const granted = statementsOf(prod.scope, "deploy").flatMap(({ actions }) => actions);
		const spare = granted.filter((action) => !READ.test(action) && !needed.has(action));
		expect([...new Set(spare)]).toEqual([]);
	});
});

describe("the requests", () => {
	let prod: Environment;
	beforeAll(async () => {
		prod = await environment("prod", { aws: { alarms: { email: "ops@example.com" }, dns: DNS, kmsKeyId: KEY } });
	});

	it("name every resource that AWS asks the right for", async () => {
		const missing = new Set<string>();
		for (const { action, targets } of requestsOf(prod)) {
			const facts = await factsOf(action);
			const named = targets.map(({ arn }) => facts && typeOf(facts, arn)?.name);
			for (const type of facts?.types ?? []) {
				if (type.required && !named.includes(type.name)) {
					missing.add(`${action} ${type.name}`);
				}
			}
		}
		expect([...missing]).toEqual([]);
	});

	it("name the file of the provider that makes them", () => {
		const sources = prod.deployed.all.flatMap((seen) => callsOf(seen, prod.world)?.source ?? []);
		for (const source of sources) expect(source).toMatch(/^([a-z0-9]+\/[a-z0-9_]+\.go|components\/.+\.ts)$/);
		expect(new Set(sources).size).toBeGreaterThan(25);
	});

	it("are all that may be read", async () => {
		const shapes = await Promise.all(SHAPES.map(([, hub]) => environment("prod", hub)));
		const needed = new Set([...shapes.flatMap(requestsOf), ...stateRequests("prod")].map(({ action }) => action));
		const granted = shapes.flatMap(({ scope }) => statementsOf(scope, "deploy")).flatMap(({ actions }) => actions);
		const spare = granted.filter((action) => READ.test(action) && !needed.has(action));
		expect([...new Set(spare)].sort()).toEqual(SPARE);
	});
});

describe("who previews", () => {
	it.each(SHAPES)("%s may ask what the program looks up, and read the state", async (_, hub) => {
		const prod = await environment("prod", hub);
		const looks = prod.deployed.looks.flatMap((token) => lookUp(token, prod.world));
		const files = stateFiles(STATE.bucket, STATE.project, "prod");
		const requests = [...CONFIGURE, ...looks, ...DIFF, ...readState(files), open("prod")];
		expect(await denied(prod, "preview", requests)).toEqual([]);
	});

	it("may change nothing, and read no key of a node", async () => {
		const prod = await environment("prod", {});
		const may = prod.may("preview");
		for (const request of requestsOf(prod)) {
			const { allowed } = await decide(may, request);
			if (allowed) expect(request.action).toMatch(/^(ec2:Describe|sts:GetCallerIdentity)/);
		}
		for (const request of writeState(stateFiles(STATE.bucket, STATE.project, "prod"))) {
			if (/Put|Delete/.test(request.action)) expect((await decide(may, request)).allowed).toBe(false);
		}
	});
});

describe("the state", () => {
	it("may be written by who deploys", async () => {
		const prod = await environment("prod", { nodes: 1 });
		expect(await denied(prod, "deploy", stateRequests("prod"))).toEqual([]);
	});

	it("is opened by an alias as well, if the key carries it", async () => {
		const { scope } = await environment("prod", { nodes: 1 });
		const identity = { policies: json(statementsOf({ ...scope, stateKey: "alias/prod" }, "deploy")) };
		const key = (alias: string): Request => ({
			action: "kms:Decrypt",
			targets: [{ arn: KEY, keys: { "kms:ResourceAliases": [alias, "alias/x"] } }],
		});
		expect((await decide(identity, key("alias/prod"))).allowed).toBe(true);
		expect((await decide(identity, key("alias/dev"))).allowed).toBe(false);
	});

	it("needs no rights in AWS where Pulumi Cloud keeps it", async () => {
		const { scope } = await environment("prod", { nodes: 1 });
		const { state, stateKey, ...cloud } = scope;
		const granted = statementsOf(cloud, "preview").flatMap(({ actions }) => list(actions));
		expect(granted.filter((action) => /^(s3|kms):/.test(action))).toEqual([]);
	});
});

function open(stack: string): Request {
	return { action: "kms:Decrypt", targets: [{ arn: `arn:aws:kms:eu-central-1:123456789012:key/state-of-${stack}` }] };
}

function stateRequests(stack: string): Request[] {
	const encrypt = { ...open(stack), action: "kms:Encrypt" };
	return [...writeState(stateFiles(STATE.bucket, STATE.project, stack)), open(stack), encrypt];
}

/** What changes nothing. */
const READ = /:(Describe|Get|List)/;

/** Reads of other versions of the provider, and of tools that look before they change; none of them shows a secret. */
const SPARE = [
	...["ec2:DescribeAccountAttributes", "ec2:DescribeInstanceStatus", "ec2:DescribeRegions"],
	...["ec2:GetInstanceMetadataDefaults", "iam:ListInstanceProfileTags", "iam:ListRoleTags"],
];
