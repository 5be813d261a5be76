import { describe, expect, it } from "vitest";
import { architectureOf, hasInstanceStore } from "../../config/aws";
import { formatPath } from "../../config/errors";
import { formatTopologyProblems } from "../../config/report";
import { parseSettings } from "../../config/settings";

const parse = (hub: object, stack = "prod") => parseSettings(stack, { fleet: "fleets/mine.yaml", hub: { ...hub } });

/** What is said about settings that stand in no file. */
function complaint(hub: object, stack?: string): string[] {
	return formatTopologyProblems(parse(hub, stack).problems, { settingsFile: "P.yaml" })
		.split("\n")
		.map((line) => line.replace("P.yaml  leafline:hub.", ""));
}

const SUBNETS = ["subnet-0000000a", "subnet-0000000b", "subnet-0000000c"];

describe("a hub on AWS", () => {
	it("needs no settings of its own", () => {
		expect(parse({}).settings?.hub.aws).toEqual({
			image: "al2023-ami-2023.12.20260918.0-kernel-6.12-arm64",
			storage: "ebs",
			network: { cidr: "10.74.0.0/16" },
			readers: [],
			snapshots: { everyHours: 24, keep: 7 },
			tags: {},
		});
	});

	it("takes the image for the processor of its type", () => {
		expect(parse({ aws: { instanceType: "c6i.large" } }).settings?.hub.aws?.image).toMatch(/-x86_64$/);
	});

	it("takes everything as stated", () => {
		const aws = {
			image: "ami-0123456789abcdef0",
			instanceType: "m7gd.large",
			storage: "instance-store",
			dns: { zoneId: "Z0123456789ABCDEFGHIJ", name: "hub.example.com" },
			readers: ["sg-0123456789abcdef0"],
			alarms: { email: "ops@example.com" },
			kmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
			permissionsBoundary: "arn:aws:iam::123456789012:policy/leafline/boundary",
			tags: { team: "mine" },
		};
		const network = { vpcId: "vpc-00000001", subnetIds: SUBNETS };
		const { settings } = parse({ nodes: 3, aws: { ...aws, network, snapshots: { every: "6h", keep: 28 } } });
		expect(settings?.hub.aws).toEqual({ ...aws, network, snapshots: { everyHours: 6, keep: 28 } });
	});

	it.each([
		[
			"a floating image",
			{ image: "al2023-ami-*-arm64" },
			'aws.image: "al2023-ami-*-arm64" is not the id or the exact name of an image; write for example ami-0123456789abcdef0',
		],
		[
			"an image of another processor",
			{ image: "al2023-ami-2023.12.20260918.0-kernel-6.12-x86_64", instanceType: "m7g.large" },
			"aws.image: al2023-ami-2023.12.20260918.0-kernel-6.12-x86_64 does not run on m7g.large, which is arm64; choose an image that ends in -arm64",
		],
		[
			"a type that is none",
			{ instanceType: "large" },
			'aws.instanceType: "large" is not an instance type; write for example m7g.large',
		],
		[
			"a network that is too small",
			{ network: { cidr: "10.0.0.0/28" } },
			"aws.network.cidr: 10.0.0.0/28 is not a block of /16 to /24; write for example 10.74.0.0/16",
		],
		[
			"a block with bits of a host",
			{ network: { cidr: "10.0.0.1/16" } },
			"aws.network.cidr: 10.0.0.1/16 is not a block of /16 to /24; write for example 10.74.0.0/16",
		],
		[
			"no block at all",
			{ network: { cidr: "999.0.0.0/16" } },
			"aws.network.cidr: 999.0.0.0/16 is not a block of /16 to /24; write for example 10.74.0.0/16",
		],
		[
			"both kinds of network",
			{ network: { cidr: "10.0.0.0/16", vpcId: "vpc-00000001", subnetIds: SUBNETS.slice(0, 1) } },
			"aws.network.cidr: belongs to a network that leafline makes; leave it out beside vpcId",
		],
		[
			"subnets without their network",
			{ network: { subnetIds: SUBNETS } },
			"aws.network.vpcId: is missing; name the VPC of the subnets",
		],
		[
			"too few subnets",
			{ network: { vpcId: "vpc-00000001" } },
			"aws.network.subnetIds: 0 subnets for 1 node; name one a node, each in a zone of its own",
		],
		[
			"a zone twice",
			{ network: { zones: ["eu-central-1a", "eu-central-1b"] } },
			"aws.network.zones: 2 zones for 1 node; name one a node, each another",
		],
		[
			"nobody to tell",
			{ alarms: {} },
			"aws.alarms: needs one of email and topicArn; write for example email: ops@example.com",
		],
		[
			"an interval that AWS does not know",
			{ snapshots: { every: "5h" } },
			'aws.snapshots.every: "5h" is no interval at which AWS makes snapshots; write 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h',
		],
		[
			"a tag that leafline sets",
			{ tags: { "leafline:environment": "other", team: "mine" } },
			"aws.tags.leafline:environment: is not yours to set; choose a name without this prefix",
		],
		[
			"a type without NVMe",
			{ instanceType: "m4.large" },
			"aws.instanceType: m4.large shows its volumes without serial numbers, by which nodes find them; choose a newer type, for example m7g.large",
		],
		[
			"a key that is unknown",
			{ instancetype: "m7g.large" },
			"aws.instancetype: unknown key; did you mean instanceType?",
		],
		[
			"an alias, for which the volume would be replaced",
			{ kmsKeyId: "alias/leafline" },
			'aws.kmsKeyId: "alias/leafline" is not the ARN of a key; write for example arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
		],
		[
			"a port in place of a group",
			{ readers: ["10.0.0.0/8"] },
			'aws.readers[0]: "10.0.0.0/8" is not the id of a security group; write for example sg-0123456789abcdef0',
		],
	])("refuses %s", (_, aws, message) => {
		expect(complaint({ nodes: 1, aws })).toEqual([message]);
	});

	it.each([
		[
			"on one node",
			{ storage: "instance-store", instanceType: "m7gd.large" },
			"aws.storage: instance-store is gone when its instance stops, and the hub has 1 node; set hub.nodes to 3, or use ebs",
			1,
		],
		[
			"of a type without disks",
			{ storage: "instance-store", instanceType: "m7g.large" },
			"aws.instanceType: m7g.large has no instance store; choose a type with disks, for example m7gd.large",
			3,
		],
		[
			"of no type",
			{ storage: "instance-store" },
			"aws.instanceType: the default type has no instance store; choose a type with disks, for example m7gd.large",
			3,
		],
	])("refuses instance store %s", (_, aws, message, nodes) => {
		expect(complaint({ nodes, aws })).toEqual([message]);
	});

	it("refuses to store beside the data volume, and names that are not one a node", () => {
		expect(complaint({ storeDir: "/data/nats-old", nodes: 3, addresses: ["hub.example.com"] })).toEqual([
			'storeDir: "/data/nats-old" is not where the server of a node on AWS may write; leave it out, for it stores at /data/nats/hub',
			"addresses: 1 address for 3 nodes; name one a node, or leave them out",
		]);
	});

	it("refuses a store folder that climbs out of the volume", () => {
		expect(complaint({ storeDir: "/data/nats/../../etc" })).toEqual([
			'storeDir: "/data/nats/../../etc" leads elsewhere, to /etc; write for example /data/nats/hub',
		]);
		expect(complaint({ storeDir: "/etc" })).toEqual([
			'storeDir: "/etc" is not where the server of a node on AWS may write; leave it out, for it stores at /data/nats/hub',
		]);
	});

	it.each([
		[{ network: { zones: ["us-east-1a"] } }, 'network.zones[0]: "us-east-1a" is no zone of eu-central-1'],
		[{ network: { zones: ["eu-central-1"] } }, 'network.zones[0]: "eu-central-1" is no zone of eu-central-1'],
		[
			{ kmsKeyId: "arn:aws:kms:us-east-1:123456789012:key/a" },
			'kmsKeyId: "arn:aws:kms:us-east-1:123456789012:key/a" is in us-east-1, and the stack in eu-central-1',
		],
		[
			{ alarms: { topicArn: "arn:aws:sns:us-east-1:123456789012:ops" } },
			'alarms.topicArn: "arn:aws:sns:us-east-1:123456789012:ops" is in us-east-1, and the stack in eu-central-1',
		],
	])("%j is of another region", (aws, message) => {
		const raw = { fleet: "a.yaml", hub: { kind: "aws", aws } };
		const said = parseSettings("prod", raw, "eu-central-1").problems;
		expect(said.map(({ path, message }) => `${formatPath(path)}: ${message}`)).toEqual([`hub.aws.${message}`]);
		expect(parseSettings("prod", raw).problems).toEqual([]);
	});

	it("refuses a zone that stands there twice, and a tag that is no text", () => {
		const zones = ["eu-central-1a", "eu-central-1a", "eu-central-1b"];
		expect(complaint({ nodes: 3, aws: { network: { zones }, tags: { cost: 42 } } })).toEqual([
			'aws.network.zones[1]: "eu-central-1a" stands here twice; name each once',
			'aws.tags.cost: 42 is not a text; put it in quotes, or write ""',
		]);
	});

	it("is not a hub on this machine", () => {
		expect(complaint({ aws: {} }, "local")).toEqual([
			"aws: belongs to a hub on AWS, and this one is local; leave it out, or set hub.kind to aws",
		]);
	});
});

it.each([
	["m7g.large", "arm64", false],
	["c7gn.xlarge", "arm64", false],
	["t4g.small", "arm64", false],
	["im4gn.large", "arm64", true],
	["is4gen.large", "arm64", true],
	["a1.large", "arm64", false],
	["m7gd.large", "arm64", true],
	["i4g.large", "arm64", true],
	["g4dn.xlarge", "x86_64", true],
	["c6i.large", "x86_64", false],
	["c6id.large", "x86_64", true],
	["i4i.large", "x86_64", true],
	["m5dn.large", "x86_64", true],
	["r5b.large", "x86_64", false],
])("%s is %s, with disks: %s", (type, architecture, disks) => {
	expect([architectureOf(type), hasInstanceStore(type)]).toEqual([architecture, disks]);
});
