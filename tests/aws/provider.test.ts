import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type AwsProject, makeAwsProject } from "../support/aws/project";
import type { Finished } from "../support/project";

/** A machine with its interface, its address and its volume: what a node of a hub is made of. */
const NODE = `
const zone = aws.getAvailabilityZonesOutput({ state: "available" }).names[0];
const vpc = new aws.ec2.Vpc("network", { cidrBlock: "10.9.0.0/16" });
const subnet = new aws.ec2.Subnet("subnet", { vpcId: vpc.id, cidrBlock: "10.9.0.0/24", availabilityZone: zone });
const group = new aws.ec2.SecurityGroup("group", { vpcId: vpc.id, description: "nodes" });
const card = new aws.ec2.NetworkInterface("card", {
	subnetId: subnet.id, privateIps: ["10.9.0.10"], securityGroups: [group.id],
});
const address = new aws.ec2.Eip("address", { domain: "vpc" });
const association = new aws.ec2.EipAssociation("association", {
	allocationId: address.id, networkInterfaceId: card.id,
});
const volume = new aws.ebs.Volume("volume", { availabilityZone: zone, size: OPTIONS.size, type: "gp3", encrypted: true });
const instance = new aws.ec2.Instance("node", {
	ami: OPTIONS.ami, instanceType: "m7g.large", primaryNetworkInterface: { networkInterfaceId: card.id },
}, { deleteBeforeReplace: true, dependsOn: association });
new aws.ec2.VolumeAttachment("attachment", {
	deviceName: "/dev/sdf", instanceId: instance.id, volumeId: volume.id, skipDestroy: true,
}, { deleteBeforeReplace: true });
new aws.ssm.Parameter("key", { name: "/hub/key", type: "SecureString", value: pulumi.secret("hunter2") });
Object.assign(exports, {
	publicIp: address.publicIp, privateIp: instance.privateIp, zone: instance.availabilityZone,
	volume: volume.id, instance: instance.id,
});
`;
const node = (options: object) => `const OPTIONS = ${JSON.stringify({ size: 10, ami: "ami-1", ...options })};${NODE}`;

let project: AwsProject;
let seen = 0;

beforeAll(async () => {
	project = await makeAwsProject({ program: node({}) });
});
beforeEach(() => {
	project.faults();
	seen = project.log().length;
});
afterAll(() => project?.close());

const ok = ({ code, text }: Finished) => expect(code, text).toBe(0);
const up = (...more: string[]) => project.pulumi("up", "--yes", "--skip-preview", ...more);
/** What changed something since the last call, in the order in which it ended. */
const done = () => {
	const all = project.log();
	const fresh = all.slice(seen).filter(({ op }) => ["create", "update", "delete"].includes(op));
	seen = all.length;
	return fresh.map(({ op, name, error }) => `${error ? "failed " : ""}${op} ${name}`);
};

test("a preview makes nothing", async () => {
	ok(await project.pulumi("preview"));
	expect(project.world().things).toEqual({});
});

test("a node gets ids and addresses of the right form, and is then unchanged", async () => {
	ok(await up());
	expect(await project.outputs()).toEqual({
		publicIp: `${project.prefix}.11`,
		privateIp: "10.9.0.10",
		zone: "eu-central-1a",
		volume: expect.stringMatching(/^vol-0[0-9a-f]{16}$/),
		instance: expect.stringMatching(/^i-0[0-9a-f]{16}$/),
	});
	expect(project.things("SecurityGroup").group?.outs.name).toMatch(/^group-[0-9a-f]{7}$/);
	expect(done()).toHaveLength(10);
	ok(await project.pulumi("preview", "--refresh", "--expect-no-changes"));
});

test("a secret stays one in the state and in the log", () => {
	expect(JSON.stringify(project.log())).toContain('"value":"[secret]"');
	expect(JSON.stringify(project.log()) + project.state()).not.toContain("hunter2");
});

test("another image replaces the machine, in place of the old one; its volume and its address move along", async () => {
	const before = await project.outputs();
	project.writeProgram(node({ ami: "ami-2", size: 20 }));
	project.faults({ resource: "Volume", op: "update", kind: "slow", ms: 700 });
	ok(await up());
	const steps = done();
	expect(steps.filter((step) => step !== "update volume")).toEqual([
		"delete attachment",
		"delete node",
		"create node",
		"create attachment",
	]);
	expect(steps).toContain("update volume");
	const slow = project.log().findLast(({ op, name }) => op === "update" && name === "volume");
	expect((slow?.ended ?? 0) - (slow?.started ?? 0)).toBeGreaterThanOrEqual(700);
	const after = await project.outputs();
	expect(after).toEqual({ ...before, instance: after.instance });
	expect(after.instance).not.toBe(before.instance);
});

test("what failed once is finished by the next up", async () => {
	project.writeProgram(node({ ami: "ami-3", size: 20 }));
	project.faults({ resource: "Instance", op: "create", kind: "fail", message: "InsufficientInstanceCapacity" });
	const { code, text } = await up();
	expect(code, text).not.toBe(0);
	expect(text).toContain("create of node (aws:ec2/instance:Instance): InsufficientInstanceCapacity");
	expect(done()).toEqual(["delete attachment", "delete node", "failed create node"]);
	ok(await up());
	// The engine asks for what is gone once more.
	expect(done()).toEqual(["delete attachment", "create node", "create attachment"]);
});

test("a lost machine comes back, what somebody changed is taken back", async () => {
	const before = await project.outputs();
	await project.lose("node");
	project.drift("volume", { size: 5 });
	ok(await up("--refresh"));
	expect(done().sort()).toEqual(["create attachment", "create node", "update volume"]);
	expect(project.things("Volume").volume?.outs.size).toBe(20);
	const after = await project.outputs();
	expect(after).toEqual({ ...before, instance: after.instance });
});

test("wrong inputs are refused at preview, by the name of the resource, and no secret is shown", async () => {
	project.writeProgram(`new pulumi.CustomResource("aws:ssm/parameter:Parameter", "key", {
		type: "SecureString", value: pulumi.secret(["hunter3"]), nam: pulumi.secret("hunter4") });`);
	const { code, text } = await project.pulumi("preview");
	expect(code, text).not.toBe(0);
	expect(text).toContain("key (aws:ssm/parameter:Parameter): nam is no property; did you mean name?");
	expect(text).toContain("key (aws:ssm/parameter:Parameter): value is a list; give a string");
	expect(text).not.toContain("hunter");
});

test("a function is asked rightly and is known", async () => {
	project.writeProgram(`const safe = (promise) => promise.catch((error) => console.error(error.message));
		safe(pulumi.runtime.invoke("aws:ec2/getAmi:getAmi", { owner: "amazon" }));
		safe(aws.ec2.getKeyPair({}));`);
	const { text } = await project.pulumi("preview");
	expect(text).toContain("aws:ec2/getAmi:getAmi: owner is no property; did you mean owners?");
	expect(text).toContain("does not know aws:ec2/getKeyPair:getKeyPair");
});

test("all is taken away in an order that AWS allows", async () => {
	project.writeProgram(node({ ami: "ami-3", size: 20 }));
	ok(await project.pulumi("destroy", "--yes", "--skip-preview"));
	expect(project.world().things).toEqual({});
	expect(done().filter((line) => line.startsWith("failed"))).toEqual([]);
});

test("no region is no provider", async () => {
	project.set("aws:region", undefined);
	project.writeProgram(`new aws.cloudwatch.LogGroup("one", {});`);
	const { text } = await project.pulumiWith({ env: { AWS_REGION: "" } }, "preview");
	expect(text).toContain("pulumi config set aws:region");
});
