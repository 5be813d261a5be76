import { beforeAll, describe, expect, it } from "vitest";
import { awsTopology, type Deployed, deploy } from "./deploy";

const INSTANCE = "aws:ec2/instance:Instance";
const VOLUME = "aws:ebs/volume:Volume";
const PARAMETER = "aws:ssm/parameter:Parameter";
const APPLY = "command:local:Command";

/** Parameters of a node, by name below its path. */
function parameters(stack: Deployed, node: string): Record<string, { text: string; type: string; secret: boolean }> {
	const path = `/leafline/prod/hub/${node}/`;
	return Object.fromEntries(
		Object.values(stack.of(PARAMETER))
			.filter(({ inputs }) => String(inputs.name).startsWith(path))
			.map(({ inputs, secrets }) => [
				String(inputs.name).slice(path.length),
				{
					text: String(inputs.value ?? inputs.insecureValue),
					type: String(inputs.type),
					secret: secrets.includes("value"),
				},
			]),
	);
}

describe("three nodes on EBS", () => {
	let stack: Deployed;
	beforeAll(async () => {
		stack = await deploy(awsTopology({ nodes: 3 }));
	});

	it("are Graviton, pinned, without SSH, with version 2 of the metadata service and encrypted disks", () => {
		const instances = Object.values(stack.of(INSTANCE));
		expect(instances.map(({ name }) => name)).toEqual(["hub-1", "hub-2", "hub-3"]);
		for (const { inputs, opts } of instances) {
			expect(inputs).toMatchObject({
				ami: "ami-0123456789abcdef0",
				instanceType: "m7g.large",
				metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
				rootBlockDevice: { encrypted: true },
			});
			expect([inputs.keyName, inputs.associatePublicIpAddress, inputs.vpcSecurityGroupIds]).toEqual(
				[].concat([undefined, undefined, undefined] as never[]),
			);
			expect(opts).toMatchObject({ deleteBeforeReplace: true, ignoreChanges: ["userData", "volumeTags"] });
		}
	});

	it("each start on the card, the volume and the parameters that outlive them", () => {
		for (const key of ["1", "2", "3"]) {
			const id = key.padStart(17, "0");
			expect(stack.one(INSTANCE, `hub-${key}`).inputs.primaryNetworkInterface).toEqual({
				networkInterfaceId: `eni-${id}`,
			});
			const { inputs } = stack.one("aws:ec2/volumeAttachment:VolumeAttachment", `hub-${key}`);
			expect(inputs).toMatchObject({ volumeId: `vol-${id}`, instanceId: `i-${id}`, skipDestroy: true });
			expect(parameters(stack, key).volume?.text).toBe(`serial=vol${id}\n`);
		}
	});

	it("keep their volumes, whatever is destroyed", () => {
		for (const { inputs, opts } of Object.values(stack.of(VOLUME))) {
			expect(inputs).toMatchObject({ type: "gp3", encrypted: true, size: 112, iops: 3000, throughput: 125 });
			expect(opts).toMatchObject({ protect: true, retainOnDelete: true });
		}
	});

	it("find everything in parameters of their own, and what is secret in SecureStrings", () => {
		const own = parameters(stack, "2");
		const secret = Object.entries(own).filter(([, { secret: hidden }]) => hidden);
		expect(secret.map(([name, { text, type }]) => [name, text, type])).toEqual([
			["leaf.key", "leaf key", "SecureString"],
			["route.key", "route key", "SecureString"],
		]);
		expect(Object.keys(own).sort()).toEqual([
			"firewall.nft",
			"hub.conf",
			"leaf.crt",
			"leaf.key",
			"nats-hub.service",
			"release",
			"report.sh",
			"route-ca.crt",
			"route.crt",
			"route.key",
			"volume",
		]);
		expect(own.release?.text).toMatch(/^version=[\d.]+\+leafline\.\d+\nurl=s3:\/\/[^\n]+\nsha256=[0-9a-f]{64}\n$/);
		for (const { text } of Object.values(own)) {
			expect(Buffer.byteLength(text)).toBeLessThan(8192);
			// Systems Manager takes no value in which another parameter could be meant.
			expect(text).not.toMatch(/\{\{|\}\}/);
		}
	});

	it("have a configuration that names them and the others", () => {
		const { text = "" } = parameters(stack, "2")["hub.conf"] ?? {};
		expect(text).toContain('server_name: "hub_2"');
		expect(text).toContain('advertise: "198.51.100.2:7422"');
		expect(text).toContain('listen: "10.74.64.10:6222"');
		expect(text).toContain('"nats-route://10.74.128.10:6222"');
		expect(text).toMatch(/\n {2}compression: "?s2_fast"?\n/);
		expect(text).toContain('cert_file: "/etc/nats-hub/route.crt"');
		expect(text).toContain('listen: "127.0.0.1:4222"');
		expect(text).toContain('store_dir: "/data/nats/hub"');
	});

	it("let nobody but the other nodes through their own firewall to the routes", () => {
		const { text = "" } = parameters(stack, "2")["firewall.nft"] ?? {};
		expect(text).toContain("10.74.0.10");
		expect(text).toContain("10.74.128.10");
		expect(text).not.toContain("10.74.64.10");
		expect(text).not.toContain("4222");
	});

	it("have user-data that is one plain script without a secret, and small enough for EC2", () => {
		const texts = Object.values(stack.of(INSTANCE)).map(({ inputs }) => String(inputs.userData));
		for (const text of texts) {
			expect(text).toMatch(/^#!\/bin\/sh\n/);
			expect(Buffer.byteLength(text)).toBeLessThan(16_384);
			expect(text).not.toMatch(/leaf key|route key|PRIVATE KEY|eyJ/);
		}
		expect(texts[1]).toBe(texts[0]?.replaceAll("/leafline/prod/hub/1", "/leafline/prod/hub/2"));
	});

	it("are changed one after the other, each by a command that waits until it is healthy", () => {
		const commands = Object.values(stack.of(APPLY));
		expect(commands.map(({ name }) => name)).toEqual(["hub-1", "hub-2", "hub-3"]);
		for (const { inputs } of commands) {
			expect(inputs.environment).toMatchObject({ AWS_REGION: "eu-central-1", INSTANCE_TYPE: "m7g.large" });
			expect(inputs.delete).toBeUndefined();
			expect(inputs.triggers).toBeUndefined();
		}
		const before = stack.all.map(({ type, name }) => `${type} ${name}`);
		expect(before.indexOf(`${APPLY} hub-1`)).toBeLessThan(before.indexOf(`${INSTANCE} hub-2`));
		expect(before.indexOf(`${APPLY} hub-2`)).toBeLessThan(before.indexOf(`${INSTANCE} hub-3`));
	});

	it("are watched, recovered and backed up", () => {
		expect(Object.keys(stack.of("aws:cloudwatch/metricAlarm:MetricAlarm")).sort()).toEqual(
			["1", "2", "3"].flatMap((key) => [`hub-${key}-hardware`, `hub-${key}-system`, `hub-${key}-volume`]),
		);
		const { inputs } = stack.one("aws:cloudwatch/metricAlarm:MetricAlarm", "hub-1-hardware");
		expect(inputs.alarmActions).toEqual(["arn:aws:automate:eu-central-1:ec2:recover"]);
		const policy = stack.one("aws:dlm/lifecyclePolicy:LifecyclePolicy", "hub-snapshots").inputs.policyDetails;
		expect(policy).toMatchObject({
			targetTags: { "leafline:data": "prod" },
			schedules: [{ retainRule: { count: 7 } }],
		});
		expect(stack.one(VOLUME, "hub-1").inputs.tags).toMatchObject({ "leafline:data": "prod" });
		expect(stack.one("aws:cloudwatch/logGroup:LogGroup", "hub").inputs.name).toBe("/leafline/prod/hub");
	});

	it("are to AWS who they must be, and nobody else", () => {
		const policy = JSON.parse(String(stack.one("aws:iam/rolePolicy:RolePolicy", "hub").inputs.policy));
		const [read, denied, binary, , metrics] = policy.Statement;
		const own = "arn:aws:ssm:eu-central-1:123456789012:parameter/leafline/prod/hub";
		expect(read.Resource).toBe(`${own}/*`);
		expect(denied).toMatchObject({ Effect: "Deny", NotResource: [own, `${own}/*`] });
		expect(binary).toMatchObject({ Action: "s3:GetObject", Resource: "arn:hub/*" });
		expect(metrics.Condition).toEqual({ StringEquals: { "cloudwatch:namespace": "leafline" } });
		expect(
			policy.Statement.filter(({ Action }: { Action: string | string[] }) => [Action].flat().includes("*")),
		).toEqual([]);
	});

	it("tell by their volumes whether the hub is another one", () => {
		expect(stack.generation.split(" ")).toEqual(["1", "2", "3"].map((key) => `vol-${key.padStart(17, "0")}`));
	});
});

describe("one node", () => {
	it("has no routes, and in a small type does not pay for bursts", async () => {
		const stack = await deploy(awsTopology({ nodes: 1, aws: { instanceType: "t4g.small", snapshots: { keep: 0 } } }));
		expect(Object.keys(parameters(stack, "1"))).not.toContain("route.key");
		expect(parameters(stack, "1")["hub.conf"]?.text).not.toContain("cluster");
		expect(stack.one(INSTANCE, "hub-1").inputs.creditSpecification).toEqual({ cpuCredits: "standard" });
		expect(stack.of("aws:dlm/lifecyclePolicy:LifecyclePolicy")).toEqual({});
	});

	it("may go with its data where the settings say so", async () => {
		const stack = await deploy(awsTopology({ nodes: 1 }, "dev", { allowDataLoss: true }));
		expect(stack.one(VOLUME, "hub-1").opts).toMatchObject({ protect: false, retainOnDelete: false });
		expect(stack.one("aws:ec2/eip:Eip", "site-1").opts.protect).toBe(false);
	});
});

it("on instance store there are no volumes, and another instance is another hub", async () => {
	const stack = await deploy(
		awsTopology({ nodes: 3, file: "90GiB", aws: { storage: "instance-store", instanceType: "m7gd.large" } }),
	);
	expect([stack.of(VOLUME), stack.of("aws:ec2/volumeAttachment:VolumeAttachment")]).toEqual([{}, {}]);
	expect(parameters(stack, "3").volume?.text).toBe("serial=instance-store\n");
	expect(stack.generation).toContain("i-");
	expect(stack.one("aws:cloudwatch/metricAlarm:MetricAlarm", "hub-1-hardware").inputs.alarmActions).toEqual([]);
});

it("on Intel the image is another one, and an id is taken as it stands", async () => {
	const intel = awsTopology({ aws: { instanceType: "c6i.large" } });
	expect(intel.settings.hub.aws?.image).toMatch(/-x86_64$/);
	const stack = await deploy(awsTopology({ aws: { image: "ami-00000000000000001" } }));
	expect(stack.one(INSTANCE, "hub-1").inputs.ami).toBe("ami-00000000000000001");
});

it("with a key of the user's, disks and secrets are locked with it, and nodes may use it through SSM only", async () => {
	const kmsKeyId = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";
	const stack = await deploy(awsTopology({ nodes: 1, aws: { kmsKeyId } }));
	expect(stack.one(VOLUME, "hub-1").inputs.kmsKeyId).toBe(kmsKeyId);
	expect(stack.one(PARAMETER, "hub-1-leaf.key").inputs.keyId).toBe(kmsKeyId);
	const { Statement } = JSON.parse(String(stack.one("aws:iam/rolePolicy:RolePolicy", "hub").inputs.policy));
	expect(Statement.at(-1)).toMatchObject({
		Action: "kms:Decrypt",
		Resource: kmsKeyId,
		Condition: { StringEquals: { "kms:ViaService": "ssm.eu-central-1.amazonaws.com" } },
	});
});

it("no role goes beyond the boundary that the settings name, and each is made without one otherwise", async () => {
	const permissionsBoundary = "arn:aws:iam::123456789012:policy/leafline/boundary";
	const bounded = await deploy(awsTopology({ nodes: 1, aws: { permissionsBoundary } }));
	const roles = Object.values(bounded.of("aws:iam/role:Role"));
	expect(roles.map(({ inputs }) => inputs.permissionsBoundary)).toEqual([permissionsBoundary, permissionsBoundary]);
	const open = await deploy(awsTopology({ nodes: 1 }));
	for (const { inputs } of Object.values(open.of("aws:iam/role:Role")))
		expect(inputs).not.toHaveProperty("permissionsBoundary");
});

it("readers have TLS on the client port, on the private address alone", async () => {
	const stack = await deploy(awsTopology({ nodes: 1, aws: { readers: ["sg-0123456789abcdef0"] } }));
	const { text = "" } = parameters(stack, "1")["hub.conf"] ?? {};
	expect(text).toContain('listen: "10.74.0.10:4222"');
	expect(text).toMatch(/\ntls: \{\n {2}cert_file: "\/etc\/nats-hub\/leaf.crt"/);
	expect(parameters(stack, "1")["firewall.nft"]?.text).toContain("10.74.0.0/16");
});

it("whoever is to be told is told", async () => {
	const mail = await deploy(awsTopology({ nodes: 1, aws: { alarms: { email: "ops@example.com" } } }));
	const { inputs } = mail.one("aws:sns/topicSubscription:TopicSubscription", "hub");
	expect(inputs).toMatchObject({ protocol: "email", endpoint: "ops@example.com" });
	const topicArn = "arn:aws:sns:eu-central-1:123456789012:ops";
	const topic = await deploy(awsTopology({ nodes: 1, aws: { alarms: { topicArn } } }));
	expect(topic.of("aws:sns/topic:Topic")).toEqual({});
	expect(topic.one("aws:cloudwatch/metricAlarm:MetricAlarm", "hub-1-volume").inputs.alarmActions).toEqual([topicArn]);
});
