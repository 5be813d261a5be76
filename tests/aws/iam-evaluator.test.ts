import { describe, expect, it } from "vitest";
import { decide, type JsonStatement, type Request } from "../support/aws/iam/evaluate";

/** The evaluator itself, by the rules that AWS states. */

const VOLUME = "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1";
const request = (keys: Request["keys"] = {}, tags?: Record<string, string>): Request => ({
	action: "ec2:DeleteTags",
	targets: [{ arn: VOLUME, ...(tags && { tags }) }],
	keys,
});
const allow = (more: Partial<JsonStatement> = {}): JsonStatement => ({
	Effect: "Allow",
	Action: "ec2:DeleteTags",
	Resource: "*",
	...more,
});
const when = (operator: string, key: string, ...values: string[]) =>
	allow({ Condition: { [operator]: { [key]: values } } });
const may = async (policies: JsonStatement[], about: Request, boundary?: JsonStatement[]) =>
	(await decide({ policies, ...(boundary && { boundary }) }, about)).allowed;

describe("a request", () => {
	it.each<[string, boolean, JsonStatement[], Request, JsonStatement[]?]>([
		["is denied without a statement", false, [], request()],
		["is allowed by one", true, [allow()], request()],
		["is denied by one beside it", false, [allow(), allow({ Effect: "Deny" })], request()],
		["needs the boundary as well", false, [allow()], request(), []],
		["is within the boundary", true, [allow()], request(), [allow()]],
		["is denied by the boundary", false, [allow()], request(), [allow(), allow({ Effect: "Deny" })]],
		["is found by a family of actions, whatever their case", true, [allow({ Action: "EC2:deletet*" })], request()],
		["is not found by another action", false, [allow({ Action: "ec2:CreateTags" })], request()],
		["is found by what an action is not", true, [{ Effect: "Allow", NotAction: "s3:*", Resource: "*" }], request()],
		["is not found by what it is", false, [{ Effect: "Allow", NotAction: "ec2:*", Resource: "*" }], request()],
		[
			"is found by a pattern of its resource",
			true,
			[allow({ Resource: "arn:aws:ec2:*:123456789012:volume/*" })],
			request(),
		],
		["is not found by another's", false, [allow({ Resource: "arn:aws:ec2:*:123456789012:instance/*" })], request()],
		[
			"is found by what its resource is not",
			true,
			[{ Effect: "Allow", Action: "*", NotResource: "arn:aws:ec2:*:*:vpc/*" }],
			request(),
		],
		["holds the case of a resource", false, [allow({ Resource: VOLUME.toUpperCase() })], request()],
	])("%s", async (_, allowed, policies, about, boundary) => {
		expect(await may(policies, about, boundary)).toBe(allowed);
	});
});

describe("a condition", () => {
	const tag = "aws:ResourceTag/e";
	it.each<[string, boolean, JsonStatement, Request]>([
		["StringEquals is one of the values", true, when("StringEquals", tag, "a", "b"), request({}, { e: "b" })],
		["StringEquals holds the case", false, when("StringEquals", tag, "a"), request({}, { e: "A" })],
		["StringEquals needs the key", false, when("StringEquals", tag, "a"), request()],
		["StringEqualsIfExists does not", true, when("StringEqualsIfExists", tag, "a"), request()],
		[
			"StringEqualsIfExists compares all the same",
			false,
			when("StringEqualsIfExists", tag, "a"),
			request({}, { e: "b" }),
		],
		["StringNotEquals holds without the key", true, when("StringNotEquals", tag, "a"), request()],
		["StringLike knows wildcards", true, when("StringLike", tag, "pr?d*"), request({}, { e: "prod-1" })],
		["Null true is a key that is not there", true, when("Null", tag, "true"), request()],
		["Null false is one that is", false, when("Null", tag, "false"), request()],
		[
			"ForAllValues is each of them",
			false,
			when("ForAllValues:StringEquals", "aws:TagKeys", "a"),
			request({ "aws:TagKeys": ["a", "b"] }),
		],
		["ForAllValues holds of none", true, when("ForAllValues:StringEquals", "aws:TagKeys", "a"), request()],
		[
			"ForAnyValue is one of them",
			true,
			when("ForAnyValue:StringEquals", "aws:TagKeys", "b"),
			request({ "aws:TagKeys": ["a", "b"] }),
		],
		["ForAnyValue does not hold of none", false, when("ForAnyValue:StringEquals", "aws:TagKeys", "b"), request()],
		["keys have no case", true, when("StringEquals", "AWS:resourcetag/E", "a"), request({}, { e: "a" })],
		// DescribeInstances knows no resource, so there is no tag to ask for.
		[
			"a key that the action does not have is not there",
			false,
			{ ...when("StringEquals", tag, "a"), Action: "*" },
			{ action: "ec2:DescribeInstances", targets: [], keys: { [tag]: "a" } },
		],
	])("%s", async (_, allowed, statement, about) => {
		expect(await may([statement], about)).toBe(allowed);
	});

	it("of one operator and of several must all hold", async () => {
		const both = allow({ Condition: { StringEquals: { [tag]: "a" }, Null: { "aws:TagKeys": "false" } } });
		expect(await may([both], request({ "aws:TagKeys": ["x"] }, { e: "a" }))).toBe(true);
		expect(await may([both], request({}, { e: "a" }))).toBe(false);
	});
});

it("what AWS cannot be asked is a mistake of the table", async () => {
	await expect(decide({ policies: [] }, { action: "ec2:Nothing", targets: [] })).rejects.toThrow(
		"AWS has no action ec2:Nothing",
	);
	await expect(
		decide({ policies: [] }, { action: "ec2:AttachVolume", targets: [{ arn: "arn:aws:s3:::b" }] }),
	).rejects.toThrow("knows no resource such as arn:aws:s3:::b");
});
