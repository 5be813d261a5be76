import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";

const load = createRequire(__filename);
const { schemaOf } = load("../support/aws/schema.js") as typeof import("../support/aws/schema.js");
const { mistakes } = load("../support/aws/check.js") as typeof import("../support/aws/check.js");
const { contradictions } = load("../support/aws/rules.js") as typeof import("../support/aws/rules.js");
const { inClear } = load("../support/aws/secrets.js") as typeof import("../support/aws/secrets.js");

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const INSTANCE = "aws:ec2/instance:Instance";
const PARAMETER = "aws:ssm/parameter:Parameter";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

const judge = (token: string, inputs: Record<string, unknown>) => {
	const schema = schemaOf(token);
	if (!schema) throw new Error(`no schema of ${token}`);
	return mistakes(schema, inputs);
};

/** Right in every point; each test breaks one. */
const instance = {
	ami: "ami-0a",
	instanceType: "m7g.large",
	primaryNetworkInterface: { networkInterfaceId: UNKNOWN },
	rootBlockDevice: { volumeSize: 8, encrypted: true },
	metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
	iamInstanceProfile: "hub",
	tags: { Name: "hub-1" },
};

describe("the definitions of @pulumi/aws", () => {
	test("give names, kinds and what must be there", () => {
		expect(schemaOf("aws:ec2/volumeAttachment:VolumeAttachment")?.properties).toMatchObject({
			deviceName: { type: { kind: "string" }, required: true },
			forceDetach: { type: { kind: "boolean" }, required: false },
		});
		expect(schemaOf(INSTANCE)?.properties.tags?.type).toEqual({ kind: "map", of: { kind: "string" } });
		expect(schemaOf(INSTANCE)?.types["ec2.InstanceRootBlockDevice"]?.volumeSize?.type).toEqual({ kind: "number" });
	});

	test.each([
		"aws:ec2/getAmi:getAmi",
		"aws:index/getCallerIdentity:getCallerIdentity",
		"aws:dlm/lifecyclePolicy:LifecyclePolicy",
		// Their files are not called as their tokens are.
		"aws:kendra/index:Index",
		"aws:dms/s3Endpoint:S3Endpoint",
	])("of %s can be read", (token) => {
		expect(Object.keys(schemaOf(token)?.properties ?? {})).not.toEqual([]);
	});

	test("have no such type", () => {
		expect(schemaOf("aws:ec2/instance:Machine")).toBeUndefined();
		expect(schemaOf("aws:ec2/machine:Machine")).toBeUndefined();
		expect(schemaOf("aws:../../typescript/package:json")).toBeUndefined();
	});
});

describe("inputs", () => {
	test("that are right, unknown or Pulumi's own pass", () => {
		expect(judge(INSTANCE, instance)).toEqual([]);
		expect(judge(INSTANCE, { ...instance, ami: UNKNOWN, tags: UNKNOWN, rootBlockDevice: UNKNOWN })).toEqual([]);
		expect(judge(INSTANCE, { ...instance, __defaults: ["ami"], userData: null })).toEqual([]);
	});

	test.each<[string, string, Record<string, unknown>, string]>([
		["a property that does not exist", INSTANCE, { ...instance, amy: "x" }, "amy is no property; did you mean ami?"],
		[
			"a nested one",
			INSTANCE,
			{ ...instance, rootBlockDevice: { volumeSiz: 8 } },
			"rootBlockDevice.volumeSiz is no property; did you mean volumeSize?",
		],
		[
			"one in a list",
			INSTANCE,
			{ ...instance, ebsBlockDevices: [{ deviceName: "/dev/sdf" }, { deviceNam: "/dev/sdg", deviceName: "x" }] },
			"ebsBlockDevices[1].deviceNam is no property; did you mean deviceName?",
		],
		["a missing one", PARAMETER, { name: "/a", value: "b" }, "type is missing; give a string"],
		[
			"a missing nested one",
			INSTANCE,
			{ ...instance, primaryNetworkInterface: {} },
			"primaryNetworkInterface.networkInterfaceId is missing; give a string",
		],
		[
			"text for a number",
			INGRESS,
			{ securityGroupId: "sg-0", ipProtocol: "tcp", fromPort: "7422" },
			"fromPort is a string; give a number",
		],
		["a number for text", INSTANCE, { ...instance, ami: 1 }, "ami is a number; give a string"],
		["text for a flag", INSTANCE, { ...instance, monitoring: "true" }, "monitoring is a string; give a boolean"],
		[
			"one for many",
			INSTANCE,
			{ ...instance, vpcSecurityGroupIds: "sg-0" },
			"vpcSecurityGroupIds is a string; give a list of strings",
		],
		["many for one", INSTANCE, { ...instance, rootBlockDevice: [{}] }, "rootBlockDevice is a list; give an object of "],
		["a number in a map", INSTANCE, { ...instance, tags: { port: 7422 } }, "tags.port is a number; give a string"],
		[
			"text for an asset",
			"aws:s3/bucketObjectv2:BucketObjectv2",
			{ bucket: "b", source: "file" },
			"source is a string; give an asset",
		],
		[
			"a slip in a policy",
			"aws:iam/role:Role",
			{ assumeRolePolicy: { Version: "2012-10-17", Statement: [{ Effekt: "Allow", Effect: "Allow" }] } },
			"assumeRolePolicy.Statement[0].Effekt is no property; did you mean Effect?",
		],
	])("with %s do not", (_, token, inputs, sentence) => {
		const found = judge(token, inputs);
		expect(found).toHaveLength(1);
		expect(found[0]).toContain(sentence);
	});

	test.each<[string, string, Record<string, unknown>, string]>([
		[
			"two sources of a rule",
			INGRESS,
			{ cidrIpv4: "0.0.0.0/0", cidrIpv6: "::/0" },
			"exactly one of cidrIpv4, cidrIpv6",
		],
		["no source of a rule", INGRESS, {}, "not none"],
		[
			"an interface and groups",
			INSTANCE,
			{ ...instance, vpcSecurityGroupIds: ["sg-0"] },
			"primaryNetworkInterface excludes vpcSecurityGroupIds",
		],
		["a parameter without value", PARAMETER, { name: "/a" }, "exactly one of value, insecureValue, valueWo"],
		[
			"a parameter of 9 KiB",
			PARAMETER,
			{ value: "x".repeat(9216), tier: "Advanced" },
			"value has 9216 bytes; AWS takes 8192 at most",
		],
		["a standard one of 5 KiB", PARAMETER, { value: "x".repeat(5120) }, "AWS takes 4096 at most"],
		["user-data of 17 KiB", INSTANCE, { userData: "x".repeat(17_408) }, "AWS takes 16384 at most"],
		["an apostrophe in a description", INGRESS, { cidrIpv4: "10.0.0.0/8", description: "hub's" }, `has "'"`],
	])("with %s are refused as AWS refuses them", (_, token, inputs, sentence) => {
		expect(contradictions(token, inputs).join("; ")).toContain(sentence);
	});
});

test("what should be a secret and is none is found, at every depth", () => {
	const secret = (value: string) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });
	const seed = `SU${"A".repeat(56)}`;
	expect(inClear(PARAMETER, { type: "SecureString", value: secret("x") })).toEqual([]);
	expect(inClear(PARAMETER, { type: "SecureString", value: "x" })).toEqual([
		"value is a SecureString's, and is no secret",
	]);
	expect(inClear(INSTANCE, { userData: secret(seed) })).toEqual([]);
	expect(inClear(INSTANCE, { userData: `seed: ${seed}` })).toEqual([
		"userData holds a private key or a seed, and is no secret",
	]);
	expect(inClear(INSTANCE, { tags: { a: ["-----BEGIN PRIVATE KEY-----"] } })[0]).toContain("tags.a[0] holds");
});
