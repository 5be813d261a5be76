import { beforeAll, describe, expect, it } from "vitest";
import { callsOf } from "../support/aws/iam/calls";
import { stateFiles, writeState } from "../support/aws/iam/calls/around";
import { call } from "../support/aws/iam/calls/model";
import { type Environment, environment, STATE } from "../support/aws/iam/environment";
import { decide, type Identity, list, type Request, type Target } from "../support/aws/iam/evaluate";
import { factsOf } from "../support/aws/iam/reference";

/** Two environments in one account: what each may on what the other one has. */

const DNS = (name: string) => ({ zoneId: "Z0123456789ABCDEFGHIJ", name: `${hostOf(name)}.example.org` });
const hostOf = (name: string) => name.replace(/[^a-z0-9]/g, (sign) => `x${sign.charCodeAt(0)}`);
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";
/** Everything that a hub can have, the key shared by both. */
const shape = (name: string) => ({
	nodes: 1,
	aws: { alarms: { email: "ops@example.com" }, dns: DNS(name), kmsKeyId: KEY },
});
/** Who acts, and on whom: also where one name begins as the other one does, by each sign that a stack's name may have. */
const PAIRS = [
	["dev", "prod"],
	["prod", "dev"],
	["prod", "prod-eu"],
	["prod", "prod.json"],
	["prod", "prod_2"],
	["Production", "production"],
] as const;

/** What AWS cannot narrow to an environment: docs/iam/README.md says so of each. */
const NOT_SEPARATED = new Set([
	...["cloudwatch:DescribeAlarms", "sns:GetSubscriptionAttributes", "sns:Unsubscribe", "ssm:GetCommandInvocation"],
]);

/** What the agent of Systems Manager reads of any document; ours is the node's script, which holds no secret. */
const OF_AGENTS = /^ssm:(Describe|Get)Document /;

const OPERATIONS = ["create", "read", "update", "delete"] as const;

const requestsOf = ({ deployed, world }: Environment): Request[] =>
	deployed.all.flatMap((seen) => {
		const calls = callsOf(seen, world);
		return calls ? OPERATIONS.flatMap((operation) => calls[operation]) : [];
	});

/** Requests about something in particular; listings are everybody's. */
const particular = (requests: readonly Request[]) => requests.filter(({ targets }) => targets.length > 0);

async function allowed(identity: Identity, requests: readonly Request[]): Promise<string[]> {
	const found = new Set<string>();
	for (const request of requests) {
		if ((await decide(identity, request)).allowed) {
			found.add(`${request.action} ${request.targets.map(({ arn }) => arn).join(" ")}`);
		}
	}
	return [...found];
}

describe.each(PAIRS)("%s in the account of %s", (mine, theirs) => {
	let own: Environment;
	let other: Environment;
	beforeAll(async () => {
		own = await environment(mine, shape(mine));
		other = await environment(theirs, shape(theirs));
	});

	it("may make, read, change and delete what is its own", async () => {
		const needed = particular(requestsOf(own));
		expect((await allowed(own.may("deploy"), needed)).length).toBe(new Set(needed.map(name)).size);
	});

	it.each(["preview", "deploy", "operate"] as const)(
		"may do nothing of it to the other one's things as %s",
		async (role) => {
			const requests = particular(requestsOf(other)).filter((request) => !isShared(request));
			expect(await allowed(own.may(role), requests)).toEqual([]);
		},
	);

	it("cannot reach the other one's keys, messages or server by a role that it makes", async () => {
		const reached = await allowed(own.anyOwnRole, particular(requestsOf(other)));
		expect(reached.filter((request) => !OF_AGENTS.test(request))).toEqual([]);
		const node = [
			call("ssm:GetParameter", [parameter(other)]),
			call("ssm:GetParametersByPath", [{ arn: other.world.arn("ssm", `parameter/leafline/${theirs}/hub/1`) }]),
			call("s3:GetObject", [{ arn: `arn:aws:s3:::${other.world.bucketPrefix}0123/nats-server/x` }]),
			call("ec2:CreateSnapshot", [other.world.own("volume"), snapshot()], environmentTag(mine)),
			call("ec2:CreateTags", [snapshot(theirs)], environmentTag(mine)),
			call("ec2:DeleteSnapshot", [snapshot(theirs)]),
			call("logs:PutLogEvents", [{ arn: other.world.arn("logs", `log-group:/leafline/${theirs}/hub:log-stream:1`) }]),
		];
		expect(await allowed(own.anyOwnRole, node)).toEqual([]);
	});

	it("reads and writes no state but its own", async () => {
		const files = stateFiles(STATE.bucket, STATE.project, theirs);
		// The bucket's listing and its layout are everybody's.
		const requests = writeState(files).filter(
			({ targets: [first] }) => first !== files.bucket && first !== files.layout,
		);
		expect(await allowed(own.may("operate"), requests)).toEqual([]);
		expect(await allowed(own.may("operate"), [call("s3:PutObject", [files.layout])])).toEqual([]);
		const key = { arn: `arn:aws:kms:eu-central-1:123456789012:key/state-of-${theirs}` };
		expect(await allowed(own.may("operate"), [call("kms:Decrypt", [key])])).toEqual([]);
	});

	it("has no right at all that fits a thing of the other one's, whatever else the request says", async () => {
		const found = new Set<string>();
		for (const target of thingsOf(other)) {
			for (const request of await anyRequests(own, target)) {
				if ((await decide(own.may("operate"), request)).allowed) found.add(`${request.action} ${target.arn}`);
			}
		}
		expect([...found]).toEqual([]);
	});
});

describe("an environment cannot get more than it has", () => {
	let dev: Environment;
	let prod: Environment;
	beforeAll(async () => {
		dev = await environment("dev", shape("dev"));
		prod = await environment("prod", shape("prod"));
	});
	const boundary = (arn: string) => ({ "iam:PermissionsBoundary": arn });
	const role = (name: string): Target => ({ arn: `arn:aws:iam::123456789012:role${name}` });
	const bounded = (name: string): Target => ({ ...role(name), keys: boundary(dev.world.boundary) });

	const ATTEMPTS: readonly [string, () => Request[]][] = [
		["a role without the boundary", () => [call("iam:CreateRole", [role("/leafline/dev/x")])]],
		[
			"a role within another boundary",
			() => [call("iam:CreateRole", [role("/leafline/dev/x")], boundary(prod.world.boundary))],
		],
		[
			"a role on another environment's path",
			() => [call("iam:CreateRole", [role("/leafline/prod/x")], boundary(dev.world.boundary))],
		],
		["a role elsewhere", () => [call("iam:CreateRole", [role("/x")], boundary(dev.world.boundary))]],
		["taking the boundary off", () => [call("iam:DeleteRolePermissionsBoundary", [bounded("/leafline/dev/x")])]],
		[
			"putting another boundary on",
			() => [call("iam:PutRolePermissionsBoundary", [role("/leafline/dev/x")], boundary(prod.world.boundary))],
		],
		[
			"rewriting the boundary",
			() =>
				["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"].map((action) =>
					call(`iam:${action}`, [{ arn: dev.world.boundary }]),
				),
		],
		[
			"rights of a role that was made without the boundary",
			() => [
				call("iam:PutRolePolicy", [role("/leafline/dev/x")]),
				call("iam:AttachRolePolicy", [role("/leafline/dev/x")], {
					"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
				}),
			],
		],
		[
			"another policy of Amazon's",
			() => [
				call("iam:AttachRolePolicy", [bounded("/leafline/dev/x")], {
					"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess",
				}),
			],
		],
		[
			"changing the role that it is itself",
			() => [
				call("iam:PutRolePolicy", [bounded("/leafline-dev-deploy")]),
				call("iam:UpdateAssumeRolePolicy", [bounded("/leafline-dev-deploy")]),
			],
		],
		["users and their keys", () => [call("iam:CreateAccessKey", [{ arn: "arn:aws:iam::123456789012:user/x" }])]],
		[
			"passing another environment's role to a machine",
			() => [call("iam:PassRole", [prod.world.role("hub-0123456")], { "iam:PassedToService": "ec2.amazonaws.com" })],
		],
		[
			"passing its own role to another service",
			() => [call("iam:PassRole", [dev.world.role("hub-0123456")], { "iam:PassedToService": "lambda.amazonaws.com" })],
		],
		[
			"another environment's role in its own instance profile",
			() => [
				call("iam:PassRole", [prod.world.role("hub-0123456")], { "iam:PassedToService": "ec2.amazonaws.com" }),
				call("iam:AddRoleToInstanceProfile", [prod.world.profile("hub-0123456")]),
			],
		],
		["taking a resource by its tag", () => tagOver({ ...prod.world.own("volume") }, "dev")],
		["giving a resource away by its tag", () => tagOver({ ...dev.world.own("instance") }, "prod")],
		["taking what has no tag yet", () => tagOver({ arn: dev.world.arn("ec2", "security-group/sg-of-others") }, "dev")],
		[
			"claiming to make what is there",
			() => [call("ec2:CreateTags", [prod.world.own("volume")], environmentTag("dev"))],
		],
		[
			"taking a resource's tag off",
			() => [
				call("ec2:DeleteTags", [dev.world.own("instance")], { "aws:TagKeys": ["leafline:environment"] }),
				call("ec2:DeleteTags", [dev.world.own("instance")], { "aws:TagKeys": ["team", "leafline:environment"] }),
				call("ec2:DeleteTags", [dev.world.own("instance")]),
			],
		],
		[
			"a volume among another environment's snapshots",
			() => [call("ec2:CreateTags", [dev.world.own("volume")], { "aws:RequestTag/leafline:data": "prod" })],
		],
		[
			"a volume from another environment's snapshot",
			() => [call("ec2:CreateVolume", [volume(), snapshot("prod")], environmentTag("dev"))],
		],
		[
			"another environment's volume on its own machine",
			() => [call("ec2:AttachVolume", [dev.world.own("instance"), prod.world.own("volume")])],
		],
		[
			"its own machine on another environment's card",
			() => [
				call(
					"ec2:RunInstances",
					[
						dev.world.made("instance"),
						image(),
						volume(),
						prod.world.own("network-interface"),
						prod.world.own("subnet"),
						prod.world.own("security-group"),
					],
					environmentTag("dev"),
				),
			],
		],
		[
			"another environment's address",
			() => [call("ec2:AssociateAddress", [prod.world.own("elastic-ip"), dev.world.own("network-interface")])],
		],
		[
			"its own document on another environment's machine",
			() => [call("ssm:SendCommand", [documentOf(dev), prod.world.own("instance")])],
		],
		["another environment's document", () => [call("ssm:SendCommand", [documentOf(prod), dev.world.own("instance")])]],
		[
			"Amazon's document that runs any shell script",
			() => [
				call("ssm:SendCommand", [
					{ arn: "arn:aws:ssm:eu-central-1::document/AWS-RunShellScript" },
					dev.world.own("instance"),
				]),
			],
		],
		["a session on another environment's machine", () => [call("ssm:StartSession", [prod.world.own("instance")])]],
		[
			"an alarm that ends another environment's machine",
			() =>
				["terminate", "stop", "reboot"].map((what) =>
					call(
						"cloudwatch:PutMetricAlarm",
						[{ arn: dev.world.arn("cloudwatch", `alarm:${dev.world.bucketPrefix}x`) }],
						{
							"cloudwatch:AlarmActions": [`arn:aws:automate:eu-central-1:ec2:${what}`],
						},
					),
				),
		],
		[
			"another environment's parameters",
			() => [call("ssm:GetParameter", [parameter(prod)]), call("ssm:PutParameter", [parameter(prod)])],
		],
		[
			"tagging a parameter or a document over",
			() => [
				call("ssm:AddTagsToResource", [parameter(prod)], environmentTag("dev")),
				call("ssm:AddTagsToResource", [documentOf(prod)], environmentTag("dev")),
			],
		],
		[
			"a policy of snapshots tagged over",
			() => [
				call("dlm:TagResource", [lifecycle("prod")], environmentTag("dev")),
				call("dlm:TagResource", [lifecycle("dev")], environmentTag("prod")),
			],
		],
		[
			"another environment's name",
			() => [
				call("route53:ChangeResourceRecordSets", [{ arn: "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ" }], {
					"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["dev.example.org", "prod.example.org"],
					"route53:ChangeResourceRecordSetsRecordTypes": ["A"],
				}),
			],
		],
		[
			"secrets under a key that both use",
			() => [
				call("kms:Decrypt", [{ arn: KEY }], {
					"kms:ViaService": "ssm.eu-central-1.amazonaws.com",
					"kms:EncryptionContext:PARAMETER_ARN": parameter(prod).arn,
				}),
			],
		],
		["a key without going through a service", () => [call("kms:Decrypt", [{ arn: KEY }])]],
		[
			"a grant for somebody else",
			() => [
				call("kms:CreateGrant", [{ arn: KEY }], {
					"kms:ViaService": "ec2.eu-central-1.amazonaws.com",
					"kms:GrantIsForAWSResource": "false",
				}),
			],
		],
		["a snapshot shared with another account", () => [call("ec2:ModifySnapshotAttribute", [snapshot("dev")])]],
	];

	it.each(ATTEMPTS)("by %s", async (_, requests) => {
		for (const request of requests()) {
			for (const who of [dev.may("deploy"), dev.may("operate"), dev.anyOwnRole]) {
				const { allowed: may } = await decide(who, request);
				expect(may, `${request.action} on ${request.targets.map(({ arn }) => arn).join(", ")}`).toBe(false);
			}
		}
	});
});

const environmentTag = (name: string) => ({ "aws:RequestTag/leafline:environment": name });
const snapshot = (of?: string): Target => ({
	arn: "arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0",
	...(of !== undefined && { tags: { "leafline:environment": of } }),
});
const image = (): Target => ({ arn: "arn:aws:ec2:eu-central-1::image/ami-1", keys: { "ec2:Owner": "amazon" } });
const volume = (): Target => ({
	arn: "arn:aws:ec2:eu-central-1:123456789012:volume/*",
	keys: { "ec2:Encrypted": "true" },
});
const parameter = ({ name, world }: Environment): Target => ({
	arn: world.arn("ssm", `parameter/leafline/${name}/hub/1/leaf.key`),
	tags: world.tag,
});
const documentOf = ({ world }: Environment): Target => ({
	arn: world.arn("ssm", `document/${world.bucketPrefix}hub`),
	tags: world.tag,
});
const lifecycle = (of: string): Target => ({
	arn: "arn:aws:dlm:eu-central-1:123456789012:policy/policy-0123456789abcdef0",
	tags: { "leafline:environment": of },
});
const tagOver = (target: Target, name: string) =>
	[{}, { "ec2:CreateAction": "AttachVolume" }].map((more) =>
		call("ec2:CreateTags", [target], { ...environmentTag(name), ...more }),
	);
const name = ({ action, targets }: Request) => `${action} ${targets.map(({ arn }) => arn).join(" ")}`;

/** What is about something that is everybody's: the account's image, its service's role, the zone, the key. */
function isShared({ action, targets }: Request): boolean {
	if (NOT_SEPARATED.has(action)) return true;
	if (action === "ec2:RevokeSecurityGroupIngress" || action === "ec2:RevokeSecurityGroupEgress") {
		// The default group has no tag, and is empty.
		return targets.every(({ tags }) => tags === undefined);
	}
	return (
		targets.every(({ arn }) => SHARED.test(arn)) && action !== "route53:ChangeResourceRecordSets" && !secret(action)
	);
}

const SHARED = /:role\/aws-service-role\/|:change\/|:hostedzone\/|:key\/01234567/;
const secret = (action: string) => /^kms:(Encrypt|GenerateDataKey)$/.test(action);

/** Everything of an environment that has an ARN, as the requests about it name it. */
function thingsOf(where: Environment): Target[] {
	const targets = particular(requestsOf(where)).flatMap((request) => (isShared(request) ? [] : request.targets));
	const own = targets.filter(({ arn }) => !SHARED.test(arn) && !/::image\/|\/\*$/.test(arn));
	const files = stateFiles(STATE.bucket, STATE.project, where.name);
	const rest = [
		files.state,
		files.before,
		files.history,
		files.backup,
		files.lock,
		snapshot(where.name),
		parameter(where),
	];
	return [...new Map([...own, ...rest].map((target) => [target.arn, { ...target, tags: where.world.tag }])).values()];
}

/** Every action that a role has and that knows such a thing, in requests that say whatever its conditions may want to hear. */
async function anyRequests(own: Environment, target: Target): Promise<Request[]> {
	const granted = new Set(
		own.may("operate").policies.flatMap(({ Effect, Action }) => (Effect === "Allow" ? list(Action) : [])),
	);
	const requests: Request[] = [];
	for (const action of granted) {
		const facts = await factsOf(action);
		const types = facts?.types.filter(({ matches }) => matches(target.arn)) ?? [];
		// EC2 asks for the tags of a request where it makes something, which no other environment's thing can be.
		const makes = types.some(({ keys }) => has(keys, "Request") && !has(keys, "Resource")) && action.startsWith("ec2:");
		if (types.length === 0 || makes || NOT_SEPARATED.has(action)) continue;
		const more = { ...WHATEVER, "iam:PermissionsBoundary": own.world.boundary };
		for (const tags of [{}, environmentTag(own.name), { "aws:RequestTag/team": "mine" }]) {
			requests.push(call(action, [{ ...target, keys: more }], { ...more, ...tags }));
		}
	}
	return requests;
}

const has = (keys: readonly string[], which: string) => keys.some((key) => key.startsWith(`aws:${which}Tag`));

/** Not `ec2:CreateAction`: EC2 says it itself, of what it is making. */
const WHATEVER = {
	"ec2:Encrypted": "true",
	"iam:PassedToService": "ec2.amazonaws.com",
	"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
	"kms:ViaService": "ssm.eu-central-1.amazonaws.com",
};
