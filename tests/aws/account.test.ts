import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const load = createRequire(__filename);
const { openWorld } = load("../support/aws/world.js") as typeof import("../support/aws/world.js");
const { operationsOn, resourceOf } = load(
	"../support/aws/operations.js",
) as typeof import("../support/aws/operations.js");

type Values = Record<string, unknown>;

const INSTANCE = "aws:ec2/instance:Instance";
const ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment";

let folder: string;
let world: ReturnType<typeof openWorld>;
let account: ReturnType<typeof operationsOn>;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "leafline-account-"));
	world = openWorld(folder);
	account = operationsOn(world, { region: "eu-central-1", settle: async () => {} });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const resource = (type: string, name = "it") => resourceOf(`urn:pulumi:s::p::${type}::${name}`);
const create = (type: string, inputs: Values, name?: string) => account.create(resource(type, name), inputs);
const end = (type: string, id: string) =>
	account.delete(resource(type), id, world.read().things[`${type}|${id}`]?.inputs ?? {});

async function node() {
	const vpc = (await create("aws:ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" })).id;
	const zone = { availabilityZone: "eu-central-1a" };
	const subnet = (await create("aws:ec2/subnet:Subnet", { vpcId: vpc, cidrBlock: "10.0.1.0/24", ...zone })).id;
	const card = (await create("aws:ec2/networkInterface:NetworkInterface", { subnetId: subnet })).id;
	const machine = { ami: "ami-1", primaryNetworkInterface: { networkInterfaceId: card } };
	const instance = (await create(INSTANCE, machine)).id;
	const volume = (await create("aws:ebs/volume:Volume", zone)).id;
	return { vpc, subnet, card, machine, instance, volume };
}

describe("AWS refuses", () => {
	test("ids that it never gave, except those that are somebody's", async () => {
		const inputs = { vpcId: "vpc-0123456789abcdef0" };
		await expect(create("aws:ec2/subnet:Subnet", inputs)).rejects.toThrow("'vpc-0123456789abcdef0' does not exist");
		world.setControl({ ...world.control(), given: { "vpc-0123456789abcdef0": {} } });
		await create("aws:ec2/subnet:Subnet", inputs);
	});

	test("a second of the same name", async () => {
		await create("aws:iam/role:Role", { name: "hub" }, "one");
		await expect(create("aws:iam/role:Role", { name: "hub" })).rejects.toThrow("AlreadyExists: name hub (one)");
	});

	test("an interface for two machines", async () => {
		const { machine, instance } = await node();
		await expect(create(INSTANCE, machine)).rejects.toThrow(`in use by ${instance}`);
	});

	test("a volume for two machines, in another zone, or twice under one name", async () => {
		const { instance, volume } = await node();
		const attach = (volumeId: string) => create(ATTACHMENT, { volumeId, instanceId: instance, deviceName: "/dev/sdf" });
		const far = (await create("aws:ebs/volume:Volume", { availabilityZone: "eu-central-1b" })).id;
		await expect(attach(far)).rejects.toThrow("ZoneMismatch");
		await attach(volume);
		await expect(attach(volume)).rejects.toThrow("VolumeInUse");
		const second = (await create("aws:ebs/volume:Volume", { availabilityZone: "eu-central-1a" })).id;
		await expect(attach(second)).rejects.toThrow("/dev/sdf is already in use");
	});

	test("to end what is in use", async () => {
		const { vpc, subnet, card, instance, volume } = await node();
		await create(ATTACHMENT, { volumeId: volume, instanceId: instance, deviceName: "/dev/sdf" });
		await expect(end("aws:ebs/volume:Volume", volume)).rejects.toThrow(`currently attached to ${instance}`);
		await expect(end("aws:ec2/networkInterface:NetworkInterface", card)).rejects.toThrow(`in use by ${instance}`);
		await expect(end("aws:ec2/subnet:Subnet", subnet)).rejects.toThrow("DependencyViolation");
		await expect(end("aws:ec2/vpc:Vpc", vpc)).rejects.toThrow("DependencyViolation");
		// The end of the machine lets all of them go.
		await end(INSTANCE, instance);
		await end("aws:ebs/volume:Volume", volume);
		await end("aws:ec2/networkInterface:NetworkInterface", card);
		await end("aws:ec2/subnet:Subnet", subnet);
		await end("aws:ec2/vpc:Vpc", vpc);
		expect(world.read().things).toEqual({});
	});

	test("to detach the volume of a running machine, unless it is stopped for it", async () => {
		const { instance, volume } = await node();
		const inputs = { volumeId: volume, instanceId: instance, deviceName: "/dev/sdf" };
		const attached = await create(ATTACHMENT, inputs);
		await expect(end(ATTACHMENT, attached.id)).rejects.toThrow("last state: 'busy'");
		await account.update(resource(ATTACHMENT), attached.id, { ...inputs, stopInstanceBeforeDetaching: true });
		await end(ATTACHMENT, attached.id);
		expect(world.read().things[`${INSTANCE}|${instance}`]?.state).toBe("stopped");
	});

	test("to stop a machine that is gone before its volume is detached", async () => {
		const { instance, volume } = await node();
		const inputs = {
			volumeId: volume,
			instanceId: instance,
			deviceName: "/dev/sdf",
			stopInstanceBeforeDetaching: true,
		};
		const { id } = await create(ATTACHMENT, inputs);
		await end(INSTANCE, instance);
		await expect(account.delete(resource(ATTACHMENT), id, inputs)).rejects.toThrow("IncorrectInstanceState");
		await account.delete(resource(ATTACHMENT), id, { ...inputs, stopInstanceBeforeDetaching: false });
	});

	test("to end a bucket with something in it, a role with a policy, a protected machine", async () => {
		await create("aws:s3/bucket:Bucket", { bucket: "b" });
		await create("aws:s3/bucketObjectv2:BucketObjectv2", { bucket: "b", key: "k", content: "x" });
		await expect(end("aws:s3/bucket:Bucket", "b")).rejects.toThrow("BucketNotEmpty: b still has b/k");
		await create("aws:iam/role:Role", { name: "r" });
		await create("aws:iam/rolePolicy:RolePolicy", { role: "r", name: "p", policy: "{}" });
		await expect(end("aws:iam/role:Role", "r")).rejects.toThrow("DeleteConflict");
		const { id } = await create(INSTANCE, { ami: "ami-1", disableApiTermination: true });
		await expect(end(INSTANCE, id)).rejects.toThrow("OperationNotPermitted");
	});
});

describe("a change", () => {
	const diff = (type: string, before: Values, after: Values) => account.diff(resource(type), before, after, []);

	test.each<[string, string, Values, Values, boolean]>([
		["an image", INSTANCE, { ami: "a" }, { ami: "b" }, true],
		["a size of machine", INSTANCE, { instanceType: "a" }, { instanceType: "b" }, false],
		["user-data", INSTANCE, { userData: "a" }, { userData: "b" }, false],
		[
			"user-data that is to replace",
			INSTANCE,
			{ userData: "a" },
			{ userData: "b", userDataReplaceOnChange: true },
			true,
		],
		["an encrypted root disk", INSTANCE, { rootBlockDevice: {} }, { rootBlockDevice: { encrypted: true } }, true],
		[
			"a bigger root disk",
			INSTANCE,
			{ rootBlockDevice: { volumeSize: 8 } },
			{ rootBlockDevice: { volumeSize: 9 } },
			false,
		],
		["a size of volume", "aws:ebs/volume:Volume", { size: 1 }, { size: 2 }, false],
		["a zone", "aws:ebs/volume:Volume", { availabilityZone: "a" }, { availabilityZone: "b" }, true],
		[
			"a description of a group",
			"aws:ec2/securityGroup:SecurityGroup",
			{ description: "a" },
			{ description: "b" },
			true,
		],
		[
			"a port of a rule",
			"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
			{ fromPort: 1 },
			{ fromPort: 2 },
			false,
		],
		[
			"the kind of a rule's source",
			"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
			{ cidrIpv4: "a" },
			{ cidrIpv6: "b" },
			true,
		],
	])("of %s", (_, type, before, after, replaced) => {
		const { differences } = diff(type, before, after);
		expect(differences).not.toEqual([]);
		expect(differences.some(({ replace }) => replace)).toBe(replaced);
	});

	test("of what has a name of its own ends the old one first", () => {
		const group = (rest: Values) => ({ name: "hub", vpcId: "vpc-1", ...rest });
		const type = "aws:ec2/securityGroup:SecurityGroup";
		expect(diff(type, group({}), group({ vpcId: "vpc-2" })).deleteBeforeReplace).toBe(true);
		const automatic = { __defaults: ["name"] };
		expect(diff(type, group(automatic), group({ vpcId: "vpc-2", ...automatic })).deleteBeforeReplace).toBe(false);
	});
});

describe("a name", () => {
	const check = (type: string, olds: Values, news: Values) =>
		account.check(resource(type, "hub"), olds, news, new Uint8Array([1, 2, 3])).inputs;

	test("is invented where none is given, and kept", () => {
		const made = check("aws:iam/role:Role", {}, { assumeRolePolicy: "{}" });
		expect(made).toMatchObject({ name: expect.stringMatching(/^hub-[0-9a-f]{7}$/), __defaults: ["name"] });
		expect(check("aws:iam/role:Role", made, { assumeRolePolicy: "{}" })).toEqual(made);
	});

	test("that is given stays as it is", () => {
		expect(check("aws:iam/role:Role", {}, { name: "x", assumeRolePolicy: "{}" })).not.toHaveProperty("__defaults");
		expect(check("aws:s3/bucket:Bucket", {}, {})).toMatchObject({ bucket: expect.stringMatching(/^hub-/) });
		expect(check("aws:ec2/vpc:Vpc", {}, {})).toEqual({});
	});
});

test("what came in clear and should be a secret is noted", async () => {
	await create("aws:ssm/parameter:Parameter", {
		name: "/k",
		type: "String",
		insecureValue: "-----BEGIN PRIVATE KEY-----",
	});
	const notes = world.log().filter(({ op }) => op === "note");
	expect(notes.map(({ note }) => note)).toEqual(["insecureValue holds a private key or a seed, and is no secret"]);
});

test("an address is the lowest that is free", async () => {
	const eip = async () => (await create("aws:ec2/eip:Eip", {})) as { id: string; outs: { publicIp: string } };
	const [first, second] = [await eip(), await eip()];
	expect([first.outs.publicIp, second.outs.publicIp]).toEqual(["127.0.0.11", "127.0.0.12"]);
	await end("aws:ec2/eip:Eip", first.id);
	expect((await eip()).outs.publicIp).toBe("127.0.0.11");
});
