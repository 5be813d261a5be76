import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { nodeLines, outcomeOf } from "../../components/hub/aws/run-command/outcome";
import { temporaryFolder } from "../local/scripts";
import {
	ABSENT,
	type Answer,
	AwsFailure,
	invocation,
	LOST,
	ONLINE,
	type Operation,
	SENT,
	type SsmStub,
	startSsmStub,
} from "./ssm-stub";

const MAIN = path.resolve(__dirname, "../../bin/components/hub/aws/run-command/main.js");
const INSTANCE = "i-0123456789abcdef0";
const DOCUMENT = "leafline-prod-apply";
const COMMAND = SENT.Command.CommandId;

type Answers = Record<Operation, (turn: number) => Answer>;

const GOOD: Answers = {
	DescribeInstanceInformation: () => ONLINE,
	SendCommand: () => SENT,
	GetCommandInvocation: (turn) =>
		turn === 0
			? invocation("InProgress")
			: invocation("Success", "Success", { ResponseCode: 0, StandardOutputContent: "reloaded\nhealthy\n" }),
};

const folder = temporaryFolder("run-command");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let stub: SsmStub | undefined;
afterEach(async () => {
	await stub?.close();
	stub = undefined;
});

interface Ran {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
	readonly stub: SsmStub;
}

/** Runs the program as `@pulumi/command` does, against a Systems Manager that answers like this. */
async function run(answers: Partial<Answers>, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
	stub = await startSsmStub({ ...GOOD, ...answers });
	const child = spawn(process.execPath, [MAIN], {
		stdio: ["ignore", "pipe", "pipe"],
		env: {
			PATH: process.env.PATH,
			HOME: "/nonexistent",
			AWS_ENDPOINT_URL_SSM: stub.url,
			AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
			AWS_SECRET_ACCESS_KEY: "example",
			AWS_EC2_METADATA_DISABLED: "true",
			AWS_REGION: "eu-central-1",
			INSTANCE_ID: INSTANCE,
			DOCUMENT,
			POLL_MS: "20",
			ONLINE_WITHIN_SECONDS: "10",
			DONE_WITHIN_SECONDS: "10",
			...env,
		},
	});
	let stdout = "";
	let stderr = "";
	child.stdout.on("data", (chunk) => {
		stdout += chunk;
	});
	child.stderr.on("data", (chunk) => {
		stderr += chunk;
	});
	const code = await new Promise<number | null>((done) => child.on("close", done));
	return { code, stdout, stderr, stub };
}

/** A profile of the AWS command line; keys in the environment are there as well. */
function profile(name: string): NodeJS.ProcessEnv {
	const file = path.join(folder, "credentials");
	writeFileSync(file, `[${name}]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = example\n`);
	return { AWS_PROFILE: name, AWS_SHARED_CREDENTIALS_FILE: file };
}

/** One message, and nothing of the program's insides. */
function message({ code, stdout, stderr }: Ran): string {
	expect(code).toBe(1);
	expect(stdout).toBe("");
	expect(stderr).not.toMatch(/^ {4}at |node_modules|Warning/m);
	expect(stderr).toContain(INSTANCE);
	return stderr;
}

describe("a node that takes the change", () => {
	it("is told once, by the document alone, and its lines are shown", async () => {
		const ran = await run({});
		expect(ran).toMatchObject({ code: 0, stdout: "reloaded\nhealthy\n", stderr: "" });
		const [sent] = ran.stub.requests.filter(({ operation }) => operation === "SendCommand");
		expect(sent?.body).toMatchObject({
			InstanceIds: [INSTANCE],
			DocumentName: DOCUMENT,
			DocumentVersion: "$LATEST",
			TimeoutSeconds: 120,
		});
		expect(sent?.body).toMatchObject({ Parameters: {} });
		expect(ran.stub.count("SendCommand")).toBe(1);
	});

	it("is told which parameters it must take, and whether to restart in any case", async () => {
		const generation = "0123456789abcdef".repeat(4);
		const { stub } = await run({}, { GENERATION: generation, LEAFLINE_FORCE: "1" });
		const [sent] = stub.requests.filter(({ operation }) => operation === "SendCommand");
		expect(sent?.body).toMatchObject({ Parameters: { Generation: [generation], Force: ["1"] } });
	});

	it("may come online late, and be refused for a moment after that", async () => {
		const { code, stub } = await run({
			DescribeInstanceInformation: (turn) => (turn < 3 ? ABSENT : turn < 5 ? LOST : ONLINE),
			SendCommand: (turn) => (turn < 2 ? new AwsFailure("InvalidInstanceId") : SENT),
			GetCommandInvocation: (turn) =>
				turn < 2 ? new AwsFailure("InvocationDoesNotExist") : invocation("Success", "Success", { ResponseCode: 0 }),
		});
		expect(code).toBe(0);
		expect(stub.count("DescribeInstanceInformation")).toBe(6);
		expect(stub.count("SendCommand")).toBe(3);
	});

	it("is waited for through throttling", async () => {
		const throttled = (turn: number, answer: Answer) =>
			turn < 2 ? new AwsFailure("ThrottlingException", "Rate exceeded") : answer;
		const { code, stub } = await run({
			DescribeInstanceInformation: (turn) => throttled(turn, ONLINE),
			SendCommand: (turn) => throttled(turn, SENT),
		});
		expect(code).toBe(0);
		expect(stub.count("SendCommand")).toBe(3);
	});
});

describe("a node that does not", () => {
	it("says why, in its own last lines", async () => {
		const lines = Array.from({ length: 40 }, (_, line) => `step ${line}`).join("\n");
		const text = message(
			await run({
				GetCommandInvocation: () =>
					invocation("Failed", "Failed", {
						ResponseCode: 3,
						StandardOutputContent: `${lines}\nhub.conf:7: unknown field "foo"\n`,
						StandardErrorContent: "failed to run commands: exit status 3",
					}),
			}),
		);
		expect(text).toMatch(/^i-0123456789abcdef0 could not take the change: leafline-prod-apply ended with code 3\.\n/);
		expect(text).toContain("\n  step 39\n  hub.conf:7: unknown field");
		expect(text).not.toContain("step 20\n");
		expect(text).not.toContain("failed to run commands");
		expect(text).toContain(`aws ssm start-session --target ${INSTANCE} --region eu-central-1`);
		expect(text).toMatch(/run pulumi up again\.\n$/);
	});

	it.each([
		["TimedOut", "ExecutionTimedOut", "was not done with leafline-prod-apply in the time"],
		["TimedOut", "Delivery Timed Out", "was not delivered to i-0123456789abcdef0"],
		["Failed", "Undeliverable", "was not delivered to i-0123456789abcdef0"],
		["Failed", "Terminated", "was not delivered to i-0123456789abcdef0"],
		["Cancelled", "Cancelled", "was cancelled"],
		["Failed", "AccessDenied", "refused leafline-prod-apply"],
	])("%s, %s: %s", async (status, details, expected) => {
		const text = message(await run({ GetCommandInvocation: () => invocation(status, details) }));
		expect(text).toContain(expected);
		expect(text).toContain(COMMAND);
	});

	it("never came online: whether it is unknown, or lost", async () => {
		const env = { ONLINE_WITHIN_SECONDS: "0.2" };
		const unknown = message(await run({ DescribeInstanceInformation: () => ABSENT }, env));
		expect(unknown).toContain("has not registered with Systems Manager after 0 s");
		expect(unknown).toContain("ssm.eu-central-1.amazonaws.com:443");
		expect(unknown).toContain(`aws ec2 get-console-output --latest --output text --instance-id ${INSTANCE}`);
		await stub?.close();
		const lost = message(await run({ DescribeInstanceInformation: () => LOST }, { ...env, ...profile("hub") }));
		expect(lost).toContain("is ConnectionLost in Systems Manager");
		expect(lost).toContain("last heard at 2026-09-21T");
		expect(lost).toContain("--region eu-central-1 --profile hub\n");
		expect(stub?.count("SendCommand")).toBe(0);
	});

	it("is gone when it is told, or while it works", async () => {
		const before = message(
			await run({ SendCommand: () => new AwsFailure("InvalidInstanceId") }, { ONLINE_WITHIN_SECONDS: "0.2" }),
		);
		expect(before).toContain("cannot be told to run leafline-prod-apply, for it is not in a valid state");
		await stub?.close();
		const working = message(
			await run({
				DescribeInstanceInformation: (turn) => (turn === 0 ? ONLINE : LOST),
				GetCommandInvocation: () => invocation("InProgress"),
			}),
		);
		expect(working).toContain(`was lost while it ran leafline-prod-apply (command ${COMMAND})`);
		expect(working).toContain("No other node has been touched.");
	});

	it("is not waited for without end", async () => {
		const text = message(
			await run({ GetCommandInvocation: () => invocation("InProgress") }, { DONE_WITHIN_SECONDS: "0.3" }),
		);
		expect(text).toContain("still runs leafline-prod-apply");
		expect(text).toContain("It goes on by itself");
	});
});

describe("what AWS refuses", () => {
	it("names the action that is denied, and where the permissions are", async () => {
		const denied = `User: arn:aws:iam::123456789012:user/x is not authorized to perform: ssm:SendCommand on resource: arn:aws:ec2:eu-central-1:123456789012:instance/${INSTANCE}`;
		const text = message(await run({ SendCommand: () => new AwsFailure("AccessDeniedException", denied) }));
		expect(text).toContain(denied);
		expect(text).toContain("docs/iam");
	});

	it("says whose credentials have expired, and that the node goes on", async () => {
		const expired = new AwsFailure("ExpiredTokenException", "The security token included in the request is expired");
		const before = message(await run({ DescribeInstanceInformation: () => expired }));
		expect(before).toContain("The AWS credentials of the environment have expired");
		expect(before).not.toContain("goes on");
		await stub?.close();
		const after = message(await run({ GetCommandInvocation: () => expired }));
		expect(after).toContain(`The node goes on with the command ${COMMAND} by itself.`);
	});

	it.each([
		[
			"no credentials",
			{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
			"There are no AWS credentials",
		],
		["an unknown profile", { AWS_PROFILE: "nobody", AWS_ACCESS_KEY_ID: undefined }, "There are no AWS credentials"],
		["no network", { AWS_ENDPOINT_URL_SSM: "http://127.0.0.1:9" }, "cannot be reached from this machine"],
	])("%s", async (_, env, expected) => {
		expect(message(await run({}, env))).toContain(expected);
	});

	it.each([
		["UnrecognizedClientException", "are not accepted by AWS in eu-central-1"],
		["InvalidDocument", "has no document leafline-prod-apply"],
	])("%s", async (name, expected) => {
		const text = message(await run({ SendCommand: () => new AwsFailure(name, "The security token is invalid") }));
		expect(text).toContain(expected);
	});
});

it.each([
	["INSTANCE_ID", "", "INSTANCE_ID is missing in the environment"],
	["INSTANCE_ID", "$(reboot)", 'INSTANCE_ID is "$(reboot)" in the environment'],
	["AWS_REGION", "mars", 'AWS_REGION is "mars" in the environment'],
	["DONE_WITHIN_SECONDS", "soon", 'DONE_WITHIN_SECONDS is "soon" in the environment, not a number above 0'],
])("refuses %s=%s", async (name, value, expected) => {
	expect(await run({}, { [name]: value })).toMatchObject({ code: 1, stdout: "", stderr: `${expected}\n` });
});

it("takes an outcome that it does not know for a failure", () => {
	expect(outcomeOf({ status: "Delayed", details: "Delayed" })).toBe("running");
	expect(outcomeOf({ status: "Strange", details: "" })).toBe("failed");
	expect(nodeLines({ stdout: "a\r\n\n b \n", stderr: "c\nfailed to run commands: exit status 1" })).toEqual([
		"a",
		" b",
		"c",
	]);
});
