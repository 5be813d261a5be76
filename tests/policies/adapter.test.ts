import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { stackOf } from "../../policies/adapter/config";
import { toDesign } from "../../policies/adapter/design";
import { type PlainRecord, plainRecord } from "../../policies/adapter/plain";
import type { Resource } from "../../policies/adapter/resource";
import { evaluate } from "../../policies/evaluate";
import { fromTopology } from "../../policies/from-topology";
import { type Design, UNKNOWN } from "../../policies/model";
import { isProduction, withDefaults } from "../../policies/pack-config";
import { rules } from "../../policies/rules";
import { renderNatsConfig } from "../../render/nats-config";
import { journalStream } from "../../topology/journal";
import type { EdgeClass, Topology } from "../../topology/model";
import { rolloutStreams } from "../../topology/rollout/streams";
import { compliantTopology, ephemeralTopology, policyConfig } from "./fixture";

/** What policies are really given; the package hides its types. */
const { unknownCheckingProxy, unknownObjectValue, unknownStringValue } = createRequire(__filename)(
	"@pulumi/policy/proxy",
) as {
	unknownCheckingProxy(props: object): object;
	unknownObjectValue: string;
	unknownStringValue: string;
};

const urn = (type: string, name: string) => `urn:pulumi:prod::fleet::${type}::${name}`;

function resource(type: string, name: string, inputs: object, more: Partial<Resource> = {}): Resource {
	const plain = inputs as PlainRecord;
	return { type, name, urn: urn(type, name), inputs: plain, protect: false, provider: "own", origins: {}, ...more };
}

const PARAMETER = "aws:ssm/parameter:Parameter";
function parameter(file: string, insecureValue: unknown, more: Partial<Resource> = {}, inputs: object = {}): Resource {
	const name = `/leafline/prod/hub/1/${file}`;
	return resource(PARAMETER, file, { name, type: "String", insecureValue, ...inputs }, more);
}

const [PASSWORD, DEFAULT_USER, UNREADABLE] = [
	"server-uses-no-passwords",
	"hub-has-no-default-user",
	"server-configuration-is-readable",
];
/** As people write them: each lets somebody in, or cannot be judged. */
const CONFIGURATIONS: readonly (readonly [what: string, text: string, rules: readonly string[]])[] = [
	["a user", "authorization { user: admin, password: hunter2 }\n", [PASSWORD]],
	[
		"JSON",
		'{ "leafnodes": { "port": 7422, "authorization": { "user": "truck", "password": "hunter2" } } }\n',
		[PASSWORD],
	],
	["a variable", "PASS = hunter2\nauthorization { user: admin, password: $PASS }\n", [PASSWORD]],
	["the environment", "authorization { user: admin, password: $NATS_PASSWORD }\n", [PASSWORD]],
	["a token", "authorization: {\n  token = 'hunter2' # of all\n}\n", [PASSWORD]],
	["capitals", "AUTHORIZATION {\n  USER: admin\n  PASS: hunter2\n}\n", [PASSWORD]],
	["no separators", "authorization {\n  users [\n    { user admin, password hunter2 }\n  ]\n}\n", [PASSWORD]],
	[
		"bcrypt",
		"authorization { user: admin, password: $2a$11$3kIDaCxw.Glsl1.u5nKa6eUnNDLV5HV9tIuUp7EHhMt6Nm9myW1aS }\n",
		[PASSWORD],
	],
	[
		"accounts",
		"accounts {\n  HUB { users = [ { user: a, password: 'hunter2' } ] }\n}\nno_auth_user: a\n",
		[PASSWORD, DEFAULT_USER],
	],
	[
		"leafnodes",
		"leaf { port: 7422, authorization { users = [ { username: a, pass: hunter2, account: A } ] } }\n",
		[PASSWORD],
	],
	["a route", "cluster { port: 6222, routes = [ nats-route://a:hunter2@hub-2:6222 ] }\n", [PASSWORD]],
	["nobody asked", "port: 4222\nleafnodes { port: 7422 }\n", [DEFAULT_USER]],
	["another file", "leafnodes { port: 7422 }\ninclude ./auth.conf\n", [UNREADABLE]],
	["another file in quotes", "authorization {\n  include 'auth.conf'\n}\n", [UNREADABLE]],
	["a text that no server takes", "authorization { user: admin, password: hunter2\n", [UNREADABLE]],
];

const group = (inputs: object) => toDesign([resource("aws:ec2/securityGroup:SecurityGroup", "group", inputs)]).ingress;

describe("what is unknown", () => {
	test("is unknown part by part, whatever is around it", () => {
		const given = { a: unknownStringValue, b: [1, unknownObjectValue, { c: unknownStringValue, d: "d" }], e: null };
		expect(plainRecord(unknownCheckingProxy(given))).toEqual({
			a: UNKNOWN,
			b: [1, UNKNOWN, { c: UNKNOWN, d: "d" }],
			e: null,
		});
	});

	test("makes no rule throw, violate or comply, of whatever resource", () => {
		const all = (...fields: string[]) => Object.fromEntries(fields.map((field) => [field, UNKNOWN]));
		const dynamic = "pulumi-nodejs:dynamic/leafline:";
		const design = toDesign([
			resource(`${dynamic}Stream`, "hub", all("config", "sources", "consumers")),
			resource(`${dynamic}EdgeStreams`, "edge", all("group", "classes", "devices")),
			resource(`${dynamic}Accounts`, "accounts", all("claims", "servers", "connection", "keys")),
			resource(
				"jetstream:index/stream:Stream",
				"s",
				all("name", "subjects", "retention", "sources", "mirror", "maxBytes"),
			),
			resource("jetstream:index/consumer:Consumer", "c", all("streamId", "deliverAll", "durableName")),
			resource("aws:ec2/securityGroup:SecurityGroup", "group", all("ingress")),
			resource("aws:ec2/instance:Instance", "i", {
				...all("ami", "keyName", "metadataOptions", "rootBlockDevice", "userData", "associatePublicIpAddress"),
			}),
			resource("aws:ebs/volume:Volume", "v", all("encrypted"), { protect: true }),
			parameter("hub.conf", UNKNOWN),
			parameter("release", UNKNOWN),
			resource(PARAMETER, "p", all("name", "type", "value")),
		]);
		const findings = evaluate(design, policyConfig(), rules);
		expect(findings.filter(({ kind }) => kind === "violation")).toEqual([]);
		const about = new Set(findings.map(({ origin }) => origin.label));
		expect([...about].sort()).toEqual(["edge", "group", "hub", "hub.conf", "i", "s", "v"]);
	});
});

describe("leafline's own resources", () => {
	test("make the design that the topology makes", () => {
		const topology = compliantTopology();
		const bare = ({ streams, devices }: Design) => ({
			streams: streams.map(({ origin, maxFile, ...stream }) => ({ ...stream, label: origin.label })),
			devices: devices.map(({ origin, ...device }) => ({ ...device, label: origin.label })),
		});
		expect(bare(toDesign(resourcesOf(topology)))).toEqual(bare(fromTopology(topology)));
		const withReleases = { ...topology, settings: { ...topology.settings, rolloutBytes: 1024 ** 3 } };
		const design = fromTopology(withReleases);
		expect(bare(toDesign(resourcesOf(withReleases)))).toEqual(bare(design));
		expect(evaluate({ ...design, servers: [], roles: [] }, policyConfig(), rules)).toEqual(
			evaluate({ ...fromTopology(topology), servers: [], roles: [] }, policyConfig(), rules),
		);
	});

	test("give the devices' role what the accounts sign", () => {
		const template = { pub: { allow: [">"] }, sub: { allow: ["a"] } };
		const inputs = { servers: 3, claims: { devices: { signing_keys: [{ template }] } } };
		const accounts = resource("pulumi-nodejs:dynamic/leafline:Accounts", "accounts", inputs);
		const [role] = toDesign([accounts]).roles;
		expect(role).toMatchObject({ role: "device", publish: [">"], subscribe: ["a"] });
		expect(role?.exact.publish).toContain("deliver.{{name()}}.>");
	});
});

describe("streams of the jetstream provider", () => {
	const stream = (name: string, provider: string, inputs: object = {}) =>
		resource("jetstream:index/stream:Stream", name, { name, ...inputs }, { provider });
	const external = (domain: string) => ({ api: `$JS.${domain}.API`, deliver: "deliver" });

	test("read seconds as nanoseconds, and what the provider fills in", () => {
		const [read] = toDesign([stream("a", "one", { maxAge: 60, subjects: ["a.>"], maxBytes: 5 })]).streams;
		expect(read).toMatchObject({ side: "foreign", domain: "one" });
		expect(read?.config).toEqual({
			name: "a",
			subjects: ["a.>"],
			retention: "limits",
			storage: "file",
			discard: "old",
			num_replicas: 1,
			max_msgs: -1,
			max_bytes: 5,
			max_age: 60_000_000_000,
			max_msg_size: -1,
			duplicate_window: 120_000_000_000,
		});
	});

	test("are in the domain that others source them from", () => {
		const sources = [{ name: "a", startSeq: 1, external: external("truck-1") }];
		const { streams } = toDesign([stream("a", "provider-1"), stream("b", "provider-2", { sources })]);
		expect(streams.map(({ domain }) => domain)).toEqual(["truck-1", "provider-2"]);
		expect(streams[1]?.config.sources).toEqual([{ name: "a", opt_start_seq: 1, external: external("truck-1") }]);
	});

	test("have the consumers that name them, also before their ids are known", () => {
		const a = stream("a", "one");
		const consumer = (name: string, inputs: object, origins = {}) =>
			resource("jetstream:index/consumer:Consumer", name, { durableName: name, ...inputs }, { origins });
		const { streams } = toDesign([
			a,
			stream("b", "one"),
			consumer("known", { streamId: "JETSTREAM_STREAM_b", deliverAll: true }),
			consumer("early", { streamId: UNKNOWN }, { streamId: [a.urn] }),
		]);
		expect(streams.map(({ consumers }) => Object.keys(consumers))).toEqual([["early"], ["known"]]);
		expect(streams[1]?.consumers.known).toMatchObject({ deliver_policy: "all", ack_policy: "explicit" });
		expect(streams[0]?.consumers.early).not.toHaveProperty("deliver_policy");
	});
});

describe("what lets traffic in", () => {
	test("inline, with ports as text, IPv6, prefix lists and other groups", () => {
		const ingress = [
			{
				protocol: "TCP",
				fromPort: "22",
				toPort: "23",
				cidrBlocks: ["10.0.0.0/8"],
				ipv6CidrBlocks: ["::/0"],
				prefixListIds: ["pl-1"],
				securityGroups: ["sg-1"],
				self: true,
			},
		];
		expect(group({ ingress })).toMatchObject([
			{
				protocol: "tcp",
				fromPort: 22,
				toPort: 23,
				cidrs: ["10.0.0.0/8", "::/0"],
				prefixLists: ["pl-1"],
				groups: ["sg-1", "itself"],
			},
		]);
	});

	test("as a resource of its own, the older one and the newer one", () => {
		const ports = { fromPort: 4222, toPort: 4222 };
		const older = { ...ports, type: "ingress", protocol: "tcp", cidrBlocks: ["0.0.0.0/0"] };
		const newer = { ...ports, ipProtocol: "tcp", prefixListId: "pl-1" };
		const { ingress } = toDesign([
			resource("aws:ec2/securityGroupRule:SecurityGroupRule", "older", older),
			resource("aws:ec2/securityGroupRule:SecurityGroupRule", "out", { ...older, type: "egress" }),
			resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "newer", newer),
		]);
		expect(ingress.map(({ origin, cidrs, prefixLists }) => [origin.label, cidrs, prefixLists])).toEqual([
			["older", ["0.0.0.0/0"], []],
			["newer", [], ["pl-1"]],
		]);
	});

	test("without ports, every port", () => {
		expect(group({ ingress: [{ protocol: "-1", cidrBlocks: ["0.0.0.0/0"] }] })).toMatchObject([
			{ protocol: "-1", fromPort: 0, toPort: 65_535 },
		]);
	});
});

describe("machines", () => {
	const encoded = Buffer.from("password: x").toString("base64");

	test("an instance", () => {
		const inputs = { ami: "ami-1", userDataBase64: encoded, rootBlockDevice: { encrypted: true } };
		const [read] = toDesign([resource("aws:ec2/instance:Instance", "i", inputs)]).instances;
		expect(read).toMatchObject({ ami: "ami-1", floatingAmi: false, userData: "password: x", rootEncrypted: true });
		expect(read).toMatchObject({
			publicAddress: false,
			instanceStore: false,
			keyName: undefined,
			httpTokens: undefined,
		});
	});

	test.each([
		["userData", "password: x", "as it is"],
		["userData", encoded, "that is encoded already"],
		["userDataBase64", encoded, "encoded"],
		["userDataBase64", gzipSync("password: x").toString("base64"), "compressed"],
	])("has the text that the machine gets: %s %s, %s", (field, given) => {
		for (const type of [
			"instance:Instance",
			"spotInstanceRequest:SpotInstanceRequest",
			"launchConfiguration:LaunchConfiguration",
		]) {
			const [read] = toDesign([resource(`aws:ec2/${type}`, "i", { [field]: given })]).instances;
			expect(read?.userData).toBe("password: x");
		}
	});

	test("a launch template's user-data is read in clear as well", () => {
		const [read] = toDesign([
			resource("aws:ec2/launchTemplate:LaunchTemplate", "t", { userData: "#!/bin/sh\n" }),
		]).instances;
		expect(read?.userData).toBe("#!/bin/sh\n");
	});

	test("every way to make one is judged as an instance", () => {
		const rest = { keyName: "ops", userData: "#!/bin/sh\nexport NATS_PASSWORD=hunter2\n" };
		const more = { ...rest, ebsBlockDevices: [{ deviceName: "/dev/sdf", volumeSize: 100 }] };
		const mapped = { ...rest, blockDeviceMappings: [{ deviceName: "/dev/sdf", ebs: { volumeSize: 100 } }] };
		const made = {
			"instance:Instance": { ...more, ami: "resolve:ssm:/x" },
			"spotInstanceRequest:SpotInstanceRequest": { ...more, ami: "resolve:ssm:/x" },
			"launchConfiguration:LaunchConfiguration": { ...more, imageId: "resolve:ssm:/x" },
			"spotFleetRequest:SpotFleetRequest": { launchSpecifications: [{ ...more, ami: "resolve:ssm:/x" }] },
			"launchTemplate:LaunchTemplate": { ...mapped, imageId: "resolve:ssm:/x" },
		};
		for (const [type, inputs] of Object.entries(made)) {
			const findings = evaluate(toDesign([resource(`aws:ec2/${type}`, "m", inputs)]), policyConfig(), rules);
			expect(JSON.stringify(findings)).not.toContain("hunter2");
			expect([type, ...findings.map(({ message }) => message)]).toEqual([
				type,
				"m takes the newest AMI there is: the next release of it replaces the instance",
				"m carries the SSH key ops: who has its other half is root on it",
				"m does not say httpTokens, so it answers IMDSv1: it must be required",
				"the root volume of m is not encrypted, and cannot be later without being made anew",
				"the volume /dev/sdf of m is not encrypted, and cannot be later without being made anew",
				"the user-data of m holds a password or token in line 2",
			]);
		}
	});

	test("an instance has from its launch template what it does not say itself", () => {
		const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "t", {
			imageId: "ami-1",
			userData: encoded,
			metadataOptions: { httpTokens: "required" },
			blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: true } }],
		});
		const inputs = { launchTemplate: { id: UNKNOWN }, userData: "#!/bin/sh\n" };
		const own = resource("aws:ec2/instance:Instance", "i", inputs, { origins: { launchTemplate: [template.urn] } });
		const read = (...all: Resource[]) => toDesign(all).instances.find(({ origin }) => origin.label === "i");
		expect(read(own, template)).toMatchObject({
			ami: "ami-1",
			httpTokens: "required",
			rootEncrypted: true,
			userData: "#!/bin/sh\n",
		});
		expect(read(own)).toMatchObject({ ami: UNKNOWN, httpTokens: UNKNOWN, rootEncrypted: UNKNOWN, keyName: UNKNOWN });
	});

	test("a launch template", () => {
		const inputs = {
			imageId: "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
			userData: encoded,
			blockDeviceMappings: [
				{ deviceName: "/dev/xvda", ebs: { encrypted: "true" } },
				{ deviceName: "/dev/sdf", ebs: { encrypted: "true" } },
				{ deviceName: "/dev/sdg", noDevice: "true" },
				{ virtualName: "ephemeral0" },
			],
			networkInterfaces: [{ associatePublicIpAddress: "true" }],
			metadataOptions: { httpTokens: "required" },
		};
		const [read] = toDesign([resource("aws:ec2/launchTemplate:LaunchTemplate", "t", inputs)]).instances;
		expect(read).toMatchObject({ floatingAmi: true, rootEncrypted: true, publicAddress: true, instanceStore: true });
		expect(read).toMatchObject({ userData: "password: x", httpTokens: "required" });
		const pinned = resource("aws:ec2/launchTemplate:LaunchTemplate", "t", { imageId: "resolve:ssm:/my/ami:3" });
		expect(toDesign([pinned]).instances[0]?.floatingAmi).toBe(false);
	});

	test("a volume is protected by the engine's own option", () => {
		const volume = resource("aws:ebs/volume:Volume", "v", { encrypted: true }, { protect: true });
		expect(toDesign([volume]).volumes).toMatchObject([{ encrypted: true, protected: true }]);
	});
});

describe("a hub's node in the parameter store", () => {
	const conf = renderNatsConfig(
		{ server_name: "hub_1", listen: "127.0.0.1:4222", jetstream: { max_file: 500 } },
		"made",
	);
	const release = "version=2.11.3\nurl=s3://b/nats\nsha256=00\n";
	const disk = resource("aws:ebs/volume:Volume", "data", { encrypted: true, size: 7 });

	test("is a server with its configuration, version and disk, whatever the order", () => {
		const volume = parameter("volume", UNKNOWN, { origins: { insecureValue: [disk.urn] } });
		const { servers } = toDesign([volume, parameter("release", release), disk, parameter("hub.conf", conf)]);
		expect(servers).toMatchObject([
			{ role: "hub", version: "2.11.3", diskBytes: 7 * 1024 ** 3, origin: { label: "hub_1" } },
		]);
		expect(servers[0]?.conf).toMatchObject({ listen: "127.0.0.1:4222", jetstream: { max_file: 500 } });
	});

	test("limits the streams of the hub", () => {
		const stream = resource("pulumi-nodejs:dynamic/leafline:Stream", "hub_can", { config: { name: "hub_can" } });
		expect(toDesign([stream, parameter("hub.conf", conf)]).streams[0]?.maxFile).toBe(500);
		expect(toDesign([stream]).streams[0]).not.toHaveProperty("maxFile");
	});

	test("is unknown while its text is", () => {
		const { servers } = toDesign([parameter("hub.conf", UNKNOWN)]);
		expect(servers).toMatchObject([{ conf: UNKNOWN, origin: { label: "hub.conf" } }]);
		expect(servers[0]).not.toHaveProperty("version");
		expect(servers[0]).not.toHaveProperty("unreadable");
		expect(toDesign([parameter("hub.conf", conf), parameter("release", UNKNOWN)]).servers[0]?.version).toBe(UNKNOWN);
	});

	test("is read as the server reads it, whoever wrote it", () => {
		const text =
			"PORT = 4333\nserver_name: other; Net: 10.0.0.5; port: $PORT\njetstream { max_file: 5GiB, domain: $D }\n";
		const [server] = toDesign([parameter("hub.conf", text)]).servers;
		expect(server).toMatchObject({ origin: { label: "other" }, conf: { port: 4333, jetstream: { domain: UNKNOWN } } });
		const stream = resource("pulumi-nodejs:dynamic/leafline:Stream", "hub_can", { config: { name: "hub_can" } });
		expect(toDesign([stream, parameter("hub.conf", text)]).streams[0]?.maxFile).toBe(5 * 1024 ** 3);
	});

	test("is read with the files of the same node that it includes, and is unreadable with any other", () => {
		const text = "include users.conf\n";
		const conf = parameter("hub.conf", text);
		const users = (content: unknown) => toDesign([conf, parameter("users.conf", content)]).servers[0];
		expect(users("no_auth_user: a\n")?.conf).toEqual({ no_auth_user: "a" });
		expect(users(UNKNOWN)).toMatchObject({ conf: UNKNOWN });
		expect(users(UNKNOWN)).not.toHaveProperty("unreadable");
		const message = expect.stringContaining("which is not at hand");
		expect(toDesign([conf]).servers[0]).toMatchObject({ unreadable: { line: 1, column: 9, problem: message } });
	});

	test.each(CONFIGURATIONS)("is refused: %s", (_, text, expected) => {
		const findings = evaluate(toDesign([parameter("hub.conf", text)]), policyConfig(), rules);
		const found = findings.filter(({ severity }) => severity === "mandatory").map(({ rule }) => rule);
		expect(found).toEqual(expect.arrayContaining([...expected]));
		expect(JSON.stringify(findings)).not.toContain("hunter2");
	});

	test("is none without a configuration, or elsewhere", () => {
		const other = resource(PARAMETER, "other", { name: "/shop/hub.conf", type: "String", insecureValue: conf });
		expect(toDesign([parameter("release", release), other]).servers).toEqual([]);
	});

	test("has secrets by their names, and by what is in them", () => {
		const secure = { type: "SecureString", insecureValue: undefined, value: "x" };
		const { parameters } = toDesign([
			parameter("leaf.key", UNKNOWN),
			parameter("leaf.key", "x", {}, secure),
			resource(PARAMETER, "other", { name: "/shop/password", type: "StringList", value: "a,b" }),
		]);
		expect(parameters.map(({ secret, encrypted, value }) => [secret, encrypted, value])).toEqual([
			[true, false, UNKNOWN],
			[true, true, "x"],
			[false, false, "a,b"],
		]);
	});
});

describe("instance store", () => {
	const instance = (inputs: object) => resource("aws:ec2/instance:Instance", "i", inputs);
	const stream = (replicas: unknown) =>
		resource("pulumi-nodejs:dynamic/leafline:Stream", "s", { config: { name: "hub_can", num_replicas: replicas } });
	const store = (...resources: Resource[]) =>
		toDesign(resources).instances.map((it) => [it.instanceStore, it.replicas]);

	test("is where a type has disks and no volume is attached, in a stack with streams of leafline's", () => {
		const disks = instance({ instanceType: "m7gd.large" });
		const attached = resource(
			"aws:ec2/volumeAttachment:VolumeAttachment",
			"a",
			{ instanceId: UNKNOWN },
			{ origins: { instanceId: [disks.urn] } },
		);
		expect(store(disks, stream(1))).toEqual([[true, 1]]);
		expect(store(disks, stream(3), stream(1))).toEqual([[true, 1]]);
		expect(store(disks, stream(3), stream(UNKNOWN))).toEqual([[true, undefined]]);
		expect(store(disks, attached, stream(1))).toEqual([[false, 1]]);
		expect(store(disks)).toEqual([[false, undefined]]);
		expect(store(instance({ instanceType: "m7gd.large", ebsBlockDevices: UNKNOWN }), stream(1))).toEqual([[false, 1]]);
		expect(store(instance({ instanceType: UNKNOWN }), stream(1))).toEqual([[UNKNOWN, 1]]);
		expect(store(instance({ instanceType: "m7g.large" }), stream(1))).toEqual([[false, 1]]);
		expect(store(instance({ ephemeralBlockDevices: [{}] }))).toEqual([[true, undefined]]);
	});
});

test("the settings follow from the stack's name where they are not stated", () => {
	expect(stackOf(urn("a", "b"))).toBe("prod");
	expect(["prod", "Production", "dev", "preprod"].map(isProduction)).toEqual([true, true, false, false]);
	expect(withDefaults({}, "prod", new Date("2026-05-04T23:00:00Z"))).toEqual(policyConfig({ today: "2026-05-04" }));
	expect(withDefaults({ production: false, allowedPorts: [443] }, "prod")).toMatchObject({
		production: false,
		allowedPorts: [443],
	});
});

test("ephemeral sourcing of a class that refuses is seen in the resources alone, which no plan has judged", () => {
	const topology = ephemeralTopology(["edge1"]);
	const refusing = Object.entries(topology.edgeGroups).map(([key, edgeGroup]) => {
		const can = { ...edgeGroup.classes.can, discard: "new", maxAgeMs: 0 } as EdgeClass;
		return [key, { ...edgeGroup, classes: { ...edgeGroup.classes, can } }] as const;
	});
	const design = toDesign(resourcesOf({ ...topology, edgeGroups: Object.fromEntries(refusing) }));
	const found = evaluate(design, policyConfig(), rules).filter(({ kind }) => kind === "violation");
	expect(found).toMatchObject([
		{ rule: "refusing-class-is-sourced-durably", origin: { label: "edge1_can on edge1" }, severity: "mandatory" },
	]);
});

/** What `Streams` and `HubAccounts` register for a topology. */
function resourcesOf(topology: Topology): Resource[] {
	const dynamic = "pulumi-nodejs:dynamic/leafline:";
	const journal = journalStream(topology.settings);
	return [
		resource(`${dynamic}Accounts`, "accounts", { servers: topology.settings.hub.nodes, claims: UNKNOWN }),
		...[journal, ...rolloutStreams(topology.settings)].map((config) => {
			return resource(`${dynamic}Stream`, config.name, { config, sources: {}, consumers: {} });
		}),
		...Object.entries(topology.hubStreams).map(
			([
				name,
				{
					config: { sources = [], ...config },
					consumers,
				},
			]) => {
				const byName = Object.fromEntries(sources.map((source) => [source.name, source]));
				return resource(`${dynamic}Stream`, name, { config, sources: byName, consumers });
			},
		),
		...Object.entries(topology.edgeGroups).map(([key, edgeGroup]) => {
			return resource(`${dynamic}EdgeStreams`, key, { key, ...edgeGroup });
		}),
	];
}
