import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { createApply } from "../../components/hub/aws/apply";

const seen: { name: string; inputs: Record<string, unknown> }[] = [];

beforeAll(async () => {
	await pulumi.runtime.setMocks({
		newResource: ({ name, inputs }) => {
			seen.push({ name, inputs });
			return { id: name, state: { ...inputs, stdout: "", stderr: "" } };
		},
		call: ({ inputs }) => inputs,
	});
});
beforeEach(async () => {
	await pulumi.runtime.disconnect();
	seen.length = 0;
});

const ARGS = {
	instanceId: "i-0123456789abcdef0",
	document: "leafline-prod-apply",
	region: "eu-central-1",
	generation: pulumi.secret("c0ffee"),
	script: "5c",
};

async function inputsOf(args: Parameters<typeof createApply>[1]): Promise<Record<string, unknown>> {
	const command = createApply("hub-1-apply", args);
	await new Promise<void>((done) => command.urn.apply(() => done()));
	return seen.find(({ name }) => name === "hub-1-apply")?.inputs ?? {};
}

it("runs at creation and at every change of what the node must take, and never at deletion", async () => {
	const inputs = await inputsOf(ARGS);
	expect(inputs.create).toBe("node components/hub/aws/run-command/main.js");
	expect(inputs.update).toBe(inputs.create);
	expect(inputs).not.toHaveProperty("delete");
	// A trigger would replace it; another instance is only another environment.
	expect(inputs).not.toHaveProperty("triggers");
	expect(inputs).toMatchObject({ addPreviousOutputInEnv: false, logging: "stdout" });
});

it("gives all by the environment, in clear, for none of it is secret", async () => {
	expect((await inputsOf(ARGS)).environment).toEqual({
		INSTANCE_ID: "i-0123456789abcdef0",
		DOCUMENT: "leafline-prod-apply",
		AWS_REGION: "eu-central-1",
		GENERATION: "c0ffee",
		SCRIPT: "5c",
	});
});

it("hands the stack's profile on, and what the caller adds", async () => {
	const environment = { ONLINE_WITHIN_SECONDS: "30" };
	expect((await inputsOf({ ...ARGS, profile: "hub", environment })).environment).toMatchObject({
		AWS_PROFILE: "hub",
		ONLINE_WITHIN_SECONDS: "30",
	});
});
