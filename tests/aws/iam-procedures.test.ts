import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PAGE, statementsPage } from "../../render/iam/page";
import { call, tagged, tagging } from "../support/aws/iam/calls/model";
import { type Environment, environment } from "../support/aws/iam/environment";
import { decide, type Request } from "../support/aws/iam/evaluate";

/** The procedures of docs/operations.md that are done with the AWS command line, with the rights of who operates. */

const OPERATIONS = readFileSync("docs/operations.md", "utf8");

const TAGS = { "leafline:environment": "prod", "leafline:data": "prod" };
const SNAPSHOT = "arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0";

/** Requests of a command of the page. */
const COMMANDS: Readonly<Record<string, (where: Environment) => Request[]>> = {
	"ec2 describe-snapshots": () => [call("ec2:DescribeSnapshots")],
	"ec2 describe-volumes": () => [call("ec2:DescribeVolumes")],
	"ec2 describe-network-interfaces": () => [call("ec2:DescribeNetworkInterfaces")],
	"ec2 stop-instances": ({ world }) => [call("ec2:StopInstances", [world.own("instance")])],
	"ec2 start-instances": ({ world }) => [call("ec2:StartInstances", [world.own("instance")])],
	"ec2 wait": () => [call("ec2:DescribeInstances"), call("ec2:DescribeVolumes")],
	"ec2 detach-volume": ({ world }) => [call("ec2:DetachVolume", [world.own("volume"), world.own("instance")])],
	"ec2 attach-volume": ({ world }) => [call("ec2:AttachVolume", [world.own("volume"), world.own("instance")])],
	"ec2 create-volume": ({ world }) => {
		const made = world.made("volume", { "ec2:Encrypted": "true" });
		// From a snapshot, and blank.
		return [
			call("ec2:CreateVolume", [made, { arn: SNAPSHOT, tags: world.tag }], tagging(TAGS)),
			call("ec2:CreateVolume", [made], tagging(TAGS)),
			tagged("CreateVolume", made, TAGS),
		];
	},
	"ssm start-session": ({ world }) => [
		call("ssm:StartSession", [world.own("instance"), { arn: world.arn("ssm", "document/SSM-SessionManagerRunShell") }]),
		call("ssm:TerminateSession", [{ arn: world.arn("ssm", "session/somebody-0123456789abcdef0") }]),
	],
	"service-quotas get-service-quota": ({ world }) => [
		call("servicequotas:GetServiceQuota", [{ arn: world.arn("servicequotas", "ec2/L-0263D0A3") }]),
	],
};

/** Of an administrator, once, before there is a role; and of nobody, for it asks nothing of AWS. */
const BEFORE =
	/^(sso login|s3api (create-bucket|put-bucket-versioning|put-public-access-block)|kms (create-key|create-alias|enable-key-rotation))$/;

const commands = [
	...new Set([...OPERATIONS.matchAll(/\baws ([a-z0-9-]+ [a-z-]+)/g)].map(([, command]) => command as string)),
];

describe("who operates", () => {
	it("may run every command of the page", async () => {
		const prod = await environment("prod");
		for (const command of commands.filter((one) => !BEFORE.test(one))) {
			const requests = COMMANDS[command];
			if (!requests) throw new Error(`docs/operations.md has aws ${command}; say what it asks of AWS in this test`);
			for (const request of requests(prod)) {
				expect(await decide(prod.may("operate"), request), command).toEqual({ allowed: true, why: "" });
			}
		}
		expect(commands.length).toBeGreaterThan(10);
	});

	it("may run none of them on another environment's things", async () => {
		const [prod, dev] = [await environment("prod"), await environment("dev")];
		for (const command of commands.filter((one) => !BEFORE.test(one))) {
			for (const request of COMMANDS[command]?.(prod) ?? []) {
				const owned = request.targets.some(({ tags }) => tags !== undefined) || request.action === "ec2:CreateTags";
				if (!owned) continue;
				expect((await decide(dev.may("operate"), request)).allowed, command).toBe(false);
			}
		}
	});

	it("restores from a snapshot, which who only deploys may not", async () => {
		const prod = await environment("prod");
		const [restore] = COMMANDS["ec2 create-volume"]?.(prod) ?? [];
		expect((await decide(prod.may("deploy"), restore as Request)).allowed).toBe(false);
	});
});

it("the page of the statements is the one that the policies make", () => {
	expect(readFileSync(PAGE, "utf8")).toBe(statementsPage());
});
