import { beforeAll, describe, expect, it } from "vitest";
import { nodeBlock } from "../../components/hub/aws/network";
import { awsTopology, type Deployed, deploy } from "./deploy";

const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";

/** Who may reach which port, in words. */
function doors(stack: Deployed, type: string): string[] {
	return Object.values(stack.of(type)).map(({ inputs }) => {
		expect(inputs.description, "a reason for every rule").toMatch(/\w+/);
		const who = inputs.cidrIpv4 ?? inputs.cidrIpv6 ?? inputs.referencedSecurityGroupId;
		return `${inputs.ipProtocol} ${inputs.fromPort}-${inputs.toPort} ${who} ${inputs.securityGroupId}`;
	});
}

describe("one node in a network of its own", () => {
	let stack: Deployed;
	beforeAll(async () => {
		stack = await deploy(awsTopology({ nodes: 1 }, "dev"));
	});

	it("has one public subnet, and no more than one door", () => {
		expect(stack.one("aws:ec2/vpc:Vpc", "site").inputs).toMatchObject({ cidrBlock: "10.74.0.0/16" });
		expect(Object.keys(stack.of("aws:ec2/subnet:Subnet"))).toEqual(["site-1"]);
		expect(doors(stack, INGRESS)).toEqual(["tcp 7422-7422 0.0.0.0/0 site-id"]);
		expect(doors(stack, EGRESS)).toEqual(["tcp 443-443 0.0.0.0/0 site-id"]);
	});

	it("keeps the group empty that instances get when nobody names one", () => {
		const { inputs } = stack.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "site-default");
		expect([inputs.ingress, inputs.egress]).toEqual([undefined, undefined]);
	});

	it("is reached by its elastic address", () => {
		expect(stack.hosts).toEqual(["198.51.100.1"]);
		expect(stack.urls).toEqual(["tls://198.51.100.1:7422"]);
		expect(stack.of("aws:route53/record:Record")).toEqual({});
	});
});

describe("three nodes in a network of their own", () => {
	let stack: Deployed;
	beforeAll(async () => {
		stack = await deploy(awsTopology({ nodes: 3 }));
	});

	it("are in three zones that have their type, the first by name", () => {
		const subnets = Object.values(stack.of("aws:ec2/subnet:Subnet"));
		expect(subnets.map(({ inputs }) => [inputs.availabilityZone, inputs.cidrBlock])).toEqual([
			["eu-central-1a", "10.74.0.0/18"],
			["eu-central-1c", "10.74.64.0/18"],
			["eu-central-1d", "10.74.128.0/18"],
		]);
		expect(subnets.every(({ opts }) => opts.ignoreChanges?.includes("availabilityZone"))).toBe(true);
	});

	it("open the leaf port to the world, and the routes to each other", () => {
		expect(doors(stack, INGRESS)).toEqual(["tcp 7422-7422 0.0.0.0/0 site-id", "tcp 6222-6222 site-id site-id"]);
		expect(doors(stack, EGRESS)).toEqual(["tcp 443-443 0.0.0.0/0 site-id", "tcp 6222-6222 site-id site-id"]);
	});

	it("have cards with fixed addresses, and elastic addresses that are protected", () => {
		const cards = Object.values(stack.of("aws:ec2/networkInterface:NetworkInterface"));
		expect(cards.map(({ inputs }) => inputs.privateIps)).toEqual([["10.74.0.10"], ["10.74.64.10"], ["10.74.128.10"]]);
		const addresses = Object.values(stack.of("aws:ec2/eip:Eip"));
		expect(addresses.map(({ opts }) => opts.protect)).toEqual([true, true, true]);
		// A destroy that is refused has deleted by then what nothing depends on.
		for (const { type, opts } of stack.all.filter(
			({ type, name }) => /^aws:(ec2|vpc|route53)/.test(type) && name.startsWith("site"),
		)) {
			expect(opts.protect, type).toBe(true);
		}
		expect(stack.urls).toEqual(["tls://198.51.100.1:7422", "tls://198.51.100.2:7422", "tls://198.51.100.3:7422"]);
	});

	it("say on every resource whose they are", () => {
		const tagged = stack.all.filter(({ inputs }) => inputs.tags !== undefined);
		expect(tagged.length).toBeGreaterThan(20);
		for (const { inputs } of tagged) {
			expect(inputs.tags).toMatchObject({ "leafline:environment": "prod", "leafline:fleet": "trucks" });
		}
	});
});

describe("a network that exists", () => {
	const subnetIds = ["subnet-0000000a", "subnet-0000000b", "subnet-0000000c"];

	it("is used as it is", async () => {
		const stack = await deploy(awsTopology({ nodes: 3, aws: { network: { vpcId: "vpc-00000001", subnetIds } } }));
		for (const type of ["vpc:Vpc", "subnet:Subnet", "internetGateway:InternetGateway", "routeTable:RouteTable"]) {
			expect(stack.of(`aws:ec2/${type}`)).toEqual({});
		}
		expect(stack.one("aws:ec2/securityGroup:SecurityGroup", "site").inputs.vpcId).toBe("vpc-00000001");
		const cards = Object.values(stack.of("aws:ec2/networkInterface:NetworkInterface"));
		expect(cards.map(({ inputs }) => [inputs.subnetId, inputs.privateIps])).toEqual(
			subnetIds.map((id) => [id, undefined]),
		);
		const volumes = Object.values(stack.of("aws:ebs/volume:Volume"));
		expect(volumes.map(({ inputs }) => inputs.availabilityZone)).toEqual([
			"eu-central-1a",
			"eu-central-1b",
			"eu-central-1c",
		]);
	});
});

describe("names", () => {
	const dns = { zoneId: "Z0123456789ABCDEFGHIJ", name: "hub.example.com" };

	it("of one node are the hub's", async () => {
		const stack = await deploy(awsTopology({ nodes: 1, aws: { dns } }, "dev"));
		const records = Object.values(stack.of("aws:route53/record:Record"));
		expect(records.map(({ inputs }) => [inputs.name, inputs.records])).toEqual([["hub.example.com", ["198.51.100.1"]]]);
		expect(stack.urls).toEqual(["tls://hub.example.com:7422"]);
		expect(stack.hosts).toEqual(["hub.example.com", "198.51.100.1"]);
	});

	it("of three are the hub's, and one each", async () => {
		const stack = await deploy(awsTopology({ nodes: 3, aws: { dns } }));
		const records = Object.values(stack.of("aws:route53/record:Record"));
		expect(records.map(({ inputs }) => [inputs.name, (inputs.records as string[]).length]).sort()).toEqual([
			["1.hub.example.com", 1],
			["2.hub.example.com", 1],
			["3.hub.example.com", 1],
			["hub.example.com", 3],
		]);
		expect(stack.urls).toEqual(["1", "2", "3"].map((node) => `tls://${node}.hub.example.com:7422`));
	});

	it("may be the user's own, and lead to the elastic addresses", async () => {
		const stack = await deploy(awsTopology({ nodes: 1, addresses: ["nats.example.org"] }, "dev"));
		expect(stack.urls).toEqual(["tls://nats.example.org:7422"]);
		expect(stack.hosts).toEqual(["nats.example.org", "198.51.100.1"]);
	});
});

describe("readers in the network", () => {
	it("are let in by group, and find the node in its certificate", async () => {
		const stack = await deploy(awsTopology({ nodes: 1, aws: { readers: ["sg-0123456789abcdef0"] } }, "dev"));
		expect(doors(stack, INGRESS)).toContain("tcp 4222-4222 sg-0123456789abcdef0 site-id");
		expect(stack.hosts).toContain("10.74.0.10");
	});
});

it("a subnet is a quarter of the network, the node its tenth address", () => {
	expect(nodeBlock("10.0.0.0/24", 2)).toEqual({ block: "10.0.0.128/26", host: "10.0.0.138" });
	expect(nodeBlock("10.74.0.0/16", 0)).toEqual({ block: "10.74.0.0/18", host: "10.74.0.10" });
});
