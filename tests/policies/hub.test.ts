import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/evaluate";
import {
	type DesignIngress,
	type DesignInstance,
	type DesignParameter,
	type DesignServer,
	UNKNOWN,
} from "../../policies/model";
import { rules } from "../../policies/rules";
import { isPublic } from "../../policies/rules/hub/addresses";
import { expectBroken, expectCompliant, expectUnknown } from "./breaks";
import { compliantDesign, policyConfig } from "./fixture";
import { letIn, withConf, withInstance, withParameter, withServer, withVolume } from "./hub-fixture";

describe("ingress", () => {
	it.each<readonly [Partial<DesignIngress>, string]>([
		[{ fromPort: 4222, toPort: 4222 }, "0.0.0.0/0 reach 4222/tcp"],
		[{ fromPort: 7421, toPort: 7422 }, "0.0.0.0/0 reach 7421-7422/tcp"],
		[{ fromPort: 0, toPort: 65_535 }, "0.0.0.0/0 reach 0-65535/tcp"],
		[{ protocol: "udp" }, "0.0.0.0/0 reach 7422/udp"],
		[{ protocol: "-1", fromPort: 0, toPort: 0 }, "0.0.0.0/0 reach every port by every protocol"],
		[{ protocol: "icmp", fromPort: 8, toPort: 0 }, "0.0.0.0/0 reach icmp"],
		[{ fromPort: 4222, toPort: 4222, cidrs: ["10.0.0.0/8", "::/0"] }, "::/0 reach 4222/tcp"],
		[{ fromPort: 4222, toPort: 4222, cidrs: ["2001:db8::/32"] }, "2001:db8::/32 reach 4222/tcp"],
		[{ fromPort: 4222, toPort: 4222, cidrs: ["10.0.0.0/7"] }, "10.0.0.0/7 reach 4222/tcp"],
		[{ fromPort: 4222, toPort: 4222, cidrs: [], prefixLists: ["pl-1"] }, "prefix list pl-1 reach 4222/tcp"],
		[{ fromPort: 4222, toPort: 4222, cidrs: ["0.0.0.0/0", UNKNOWN] }, "0.0.0.0/0 reach 4222/tcp"],
		[{ protocol: "udp", fromPort: UNKNOWN }, "0.0.0.0/0 reach udp"],
		[{ fromPort: 22, toPort: 22 }, "0.0.0.0/0 reach 22/tcp"],
	])("%o", (change, what) => {
		expectBroken(letIn(change), {
			rule: "hub-ingress-is-leaf-port-only",
			at: "more",
			message: `more lets ${what}: only 7422/tcp may be public`,
		});
	});

	it.each<readonly [Partial<DesignIngress>]>([
		[{ fromPort: 4222, toPort: 4222, cidrs: ["10.1.0.0/16", "fd00::/8", "100.64.0.0/10"] }],
		[{ protocol: "6" }],
		[{ cidrs: [UNKNOWN] }],
		[{ fromPort: 4222, toPort: 4222, cidrs: [] }],
	])("may have %o", (change) => expectCompliant(letIn(change)));

	it("may open what the pack allows, and nothing between", () => {
		const config = { allowedPorts: [443, 7424] };
		expectCompliant(letIn({ fromPort: 443, toPort: 443 }), config);
		expectBroken(
			letIn({ toPort: 7424 }),
			{
				rule: "hub-ingress-is-leaf-port-only",
				at: "more",
				message: "more lets 0.0.0.0/0 reach 7422-7424/tcp: only 7422/tcp and 443/tcp and 7424/tcp may be public",
			},
			config,
		);
	});

	it.each<readonly [Partial<DesignIngress>, string]>([
		[{ protocol: UNKNOWN }, "what is let in by more"],
		[{ toPort: UNKNOWN }, "what is let in by more"],
		[{ fromPort: 4222, toPort: 4222, cidrs: [UNKNOWN] }, "who is let in by more"],
		[{ fromPort: 4222, toPort: 4222, cidrs: [], prefixLists: [UNKNOWN] }, "who is let in by more"],
	])("is not known with %o", (change, what) => expectUnknown(letIn(change), what));

	it.each([
		[{ cidrs: ["10.0.0.0/8"], fromPort: 22, toPort: 22 }, "10.0.0.0/8"],
		[{ cidrs: [], groups: ["bastion"], fromPort: 20, toPort: 30 }, "group bastion"],
		[{ cidrs: ["fd00::/8"], protocol: "-1", fromPort: 0, toPort: 0 }, "fd00::/8"],
	])("has no SSH: %o", (change, who) => {
		expectBroken(letIn(change), {
			rule: "hub-has-no-ssh",
			at: "more",
			message: `more lets ${who} reach port 22, which is SSH`,
		});
	});

	it("that the pack allows is still no SSH", () => {
		expectBroken(
			letIn({ fromPort: 22, toPort: 22 }),
			{ rule: "hub-has-no-ssh", at: "more", message: "more lets 0.0.0.0/0 reach port 22, which is SSH" },
			{ allowedPorts: [22] },
		);
	});

	it("of which the ports are not known may be SSH", () => {
		expectUnknown(letIn({ cidrs: ["10.0.0.0/8"], fromPort: UNKNOWN }), "whether more opens port 22");
	});
});

describe("instances", () => {
	const at = "hub_1";
	it.each([
		[
			"hub-instance-has-no-ssh-key",
			{ keyName: "ops" },
			"hub_1 carries the SSH key ops: who has its other half is root on it",
		],
		[
			"hub-instance-requires-imdsv2",
			{ httpTokens: undefined },
			"hub_1 does not say httpTokens, so it answers IMDSv1: it must be required",
		],
		[
			"hub-instance-requires-imdsv2",
			{ httpTokens: "optional" },
			"hub_1 has httpTokens optional, so it answers IMDSv1: it must be required",
		],
		[
			"hub-ami-is-pinned",
			{ floatingAmi: true },
			"hub_1 takes the newest AMI there is: the next release of it replaces the instance",
		],
		[
			"hub-ami-is-pinned",
			{ ami: "resolve:ssm:/aws/service/al2023" },
			"hub_1 takes the newest AMI there is: the next release of it replaces the instance",
		],
		[
			"hub-volume-is-encrypted",
			{ rootEncrypted: false },
			"the root volume of hub_1 is not encrypted, and cannot be later without being made anew",
		],
		[
			"hub-volume-is-encrypted",
			{ disks: [{ device: "/dev/sdf", encrypted: false }] },
			"the volume /dev/sdf of hub_1 is not encrypted, and cannot be later without being made anew",
		],
		[
			"instance-store-has-three-replicas",
			{ instanceStore: true, replicas: 1 },
			"hub_1 keeps messages on instance store with replicas 1: when it stops, they are lost; 3 are needed",
		],
		[
			"user-data-holds-no-secret",
			{ userData: "#!/bin/sh\nexport AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n" },
			"the user-data of hub_1 holds an AWS access key in line 2",
		],
	])("%s: %o", (rule, change, message) => expectBroken(withInstance(change), { rule, at, message }));

	it.each([[{ instanceStore: true, replicas: 3 }], [{ ami: "resolve:ssm:/our/image:7" }], [{ userData: undefined }]])(
		"may have %o",
		(change) => expectCompliant(withInstance(change)),
	);

	it.each<readonly [Partial<DesignInstance>, string]>([
		[{ keyName: UNKNOWN }, "SSH key of hub_1"],
		[{ httpTokens: UNKNOWN }, "httpTokens of hub_1"],
		[{ userData: UNKNOWN }, "user-data of hub_1"],
		[{ disks: [{ device: "/dev/sdf", encrypted: UNKNOWN }] }, "whether the volume /dev/sdf of hub_1 is encrypted"],
		[{ rootEncrypted: UNKNOWN }, "whether the root volume of hub_1 is encrypted"],
		[{ floatingAmi: UNKNOWN }, "whether the AMI of hub_1 is pinned"],
		[{ instanceStore: UNKNOWN }, "kind of storage of hub_1"],
	])("are not known with %o", (change, what) => expectUnknown(withInstance(change), what));
});

describe("volumes", () => {
	const at = "data of hub_1";
	it("are encrypted", () => {
		const message = "data of hub_1 is not encrypted, and cannot be later without being made anew";
		expectBroken(withVolume({ encrypted: false }), { rule: "hub-volume-is-encrypted", at, message });
		expectUnknown(withVolume({ encrypted: UNKNOWN }), "whether data of hub_1 is encrypted");
	});

	it("are protected in production", () => {
		const message = "data of hub_1 is not protected: a replacement or destroy deletes it with all its messages";
		expectBroken(withVolume({ protected: false }), { rule: "hub-volume-is-protected", at, message });
		expectUnknown(withVolume({ protected: UNKNOWN }), "whether data of hub_1 is protected");
	});
});

describe("listeners", () => {
	const everywhere = "on every address of its machine";
	it.each<readonly [Record<string, unknown>, string]>([
		[{ listen: "0.0.0.0:4222" }, `clients ${everywhere}, port 4222`],
		[{ listen: undefined, http: undefined }, `clients ${everywhere}, port 4222`],
		[{ Listen: ":4222", listen: undefined, http: undefined }, `clients ${everywhere}, port 4222`],
		[{ listen: undefined, host: "::", port: 4333, http: "127.0.0.1:8222" }, `clients ${everywhere}, port 4333`],
		[{ listen: "198.51.100.7:4222" }, "clients on the public address 198.51.100.7, port 4222"],
		[{ listen: "[2001:db8::7]:4222" }, "clients on the public address 2001:db8::7, port 4222"],
		[{ http: "0.0.0.0:8222" }, `monitoring ${everywhere}, port 8222`],
		[{ https: "198.51.100.7:8443" }, "monitoring on the public address 198.51.100.7, port 8443"],
		[{ cluster: { listen: "198.51.100.7:6222" } }, "routes on the public address 198.51.100.7, port 6222"],
		[{ websocket: { port: 443 } }, `WebSocket clients ${everywhere}, port 443`],
		[{ mqtt: { port: 1883 } }, `MQTT clients ${everywhere}, port 1883`],
		[{ WS: { Net: "0.0.0.0", PORT: 443 } }, `WebSocket clients ${everywhere}, port 443`],
		[{ listen: "127.0.0.1:4222", net: "0.0.0.0", http: "127.0.0.1:8222" }, `clients ${everywhere}, port 4222`],
	])("%o", (change, what) => {
		expectBroken(withConf("hub_1", change), {
			rule: "listeners-are-not-public",
			at: "hub_1",
			message: `hub_1 listens for ${what}: only the leaf port may be public`,
		});
	});

	it("are not public on a device, whatever the pack allows", () => {
		expectBroken(
			withConf("edge1", { listen: "0.0.0.0:4222" }),
			{
				rule: "listeners-are-not-public",
				at: "edge1",
				message: `edge1 listens for clients ${everywhere}, port 4222: only the leaf port may be public`,
			},
			{ allowedPorts: [4222] },
		);
	});

	it.each([
		[{ listen: "10.0.1.5:4222", http: 8222, tls: { cert_file: "leaf.crt" } }],
		[{ listen: "localhost:4222" }],
		[{ cluster: { listen: "0.0.0.0:6222" } }],
	])("may have %o", (change) => expectCompliant(withConf("hub_1", change)));

	it("for routes need a security group or mutual TLS", () => {
		const open = { ...withConf("hub_1", { cluster: { port: 6222 } }), ingress: [] };
		expectBroken(open, {
			rule: "listeners-are-not-public",
			at: "hub_1",
			message: `hub_1 listens for routes ${everywhere}, port 6222: only the leaf port may be public`,
		});
		expectCompliant({ ...withConf("hub_1", { cluster: { port: 6222, tls: { verify: true } } }), ingress: [] });
	});

	it.each([[{ listen: UNKNOWN, tls: {} }], [{ listen: "hub.internal:4222", http: undefined, tls: {} }]])(
		"are not known: %o",
		(change) => {
			expectUnknown(withConf("hub_1", change), "the address on which hub_1 listens for clients");
		},
	);
});

describe("listeners beside the clients'", () => {
	it.each([
		[{ Monitor_Port: 8222 }, "monitoring"],
		[{ prof_port: 6060 }, "profiling"],
	])("are where the clients are, unless they say otherwise: %o", (change, what) => {
		const findings = evaluate(
			withConf("hub_1", { ...change, http: undefined, listen: ":4222", tls: {} }),
			policyConfig(),
			rules,
		);
		expect(findings.map(({ message }) => message)).toContainEqual(
			expect.stringContaining(`hub_1 listens for ${what} on every address`),
		);
	});
});

describe("a configuration", () => {
	const rule = "server-configuration-is-readable";
	it("that cannot be read is told so, and nothing else", () => {
		const unreadable = { line: 3, column: 5, problem: "a value is missing here" };
		const message = "the configuration of hub_1 cannot be read, line 3, column 5: a value is missing here";
		expectBroken(withServer("hub_1", { conf: UNKNOWN, unreadable }), { rule, at: "hub_1", message });
	});

	it.each([
		[{ PORT: 4222, port: 4333 }, "PORT and port"],
		[{ authorization: { users: [{ nkey: "UA", seed: "UB" }] } }, "nkey and seed"],
		[{ leafnodes: { port: 7422, Port: 7423 } }, "port and Port"],
	])("that says two things of one setting: %o", (change, what) => {
		const message = `the configuration of hub_1 says two things with ${what}: the server takes either`;
		expectBroken(withConf("hub_1", change), { rule, at: "hub_1", message });
	});

	it.each([
		[{ PORT: 4222, port: 4222 }],
		[{ accounts: { a: { jetstream: true }, A: { jetstream: false } } }],
		[{ mappings: { pass: "one", password: "two" } }],
	])("may have %o", (change) => expectCompliant(withConf("hub_1", change)));
});

describe("clients of the hub", () => {
	const private4 = "10.74.0.10, port 4222";
	it.each<readonly [Record<string, unknown>, string]>([
		[{ listen: "10.74.0.10:4222" }, `clients on ${private4}`],
		[{ listen: "10.74.0.10:4222", tls: {}, allow_non_tls: true }, `clients on ${private4}`],
		[{ listen: "10.74.0.10:4222", leafnodes: { port: 7422, tls: {} } }, `clients on ${private4}`],
		[{ listen: "[fd00::7]:4222" }, "clients on fd00::7, port 4222"],
		[{ websocket: { listen: "10.74.0.10:443", no_tls: true } }, "WebSocket clients on 10.74.0.10, port 443"],
		[{ mqtt: { listen: "10.74.0.10:1883" } }, "MQTT clients on 10.74.0.10, port 1883"],
	])("come by TLS: %o", (change, what) => {
		expectBroken(withConf("hub_1", change), {
			rule: "clients-come-by-tls",
			at: "hub_1",
			message: `hub_1 listens for ${what}, without TLS: everyone on the way reads along`,
		});
	});

	it("come by TLS on a port that the pack allows to be public as well", () => {
		const change = { listen: "0.0.0.0:4222", http: "127.0.0.1:8222" };
		expectBroken(
			withConf("hub_1", change),
			{
				rule: "clients-come-by-tls",
				at: "hub_1",
				message: "hub_1 listens for clients on 0.0.0.0, port 4222, without TLS: everyone on the way reads along",
			},
			{ allowedPorts: [4222] },
		);
		expectCompliant(withConf("hub_1", { ...change, tls: {} }), { allowedPorts: [4222] });
	});

	it("may be on the machine itself, and a device's on its own network", () => {
		expectCompliant(withConf("hub_1", { listen: "localhost:4222", mqtt: { listen: "127.0.0.1:1883" } }));
		expectCompliant(withConf("edge1", { listen: "192.168.1.2:4222" }));
	});

	it("are let in from a group that is named, and nobody else", () => {
		const reader = { fromPort: 4222, toPort: 4222, cidrs: [], groups: ["sg-0123456789abcdef0"] };
		expectCompliant(letIn(reader));
	});

	it.each([[{ listen: "10.74.0.10:4222", tls: UNKNOWN }], [{ listen: UNKNOWN }]])("are not known: %o", (change) => {
		expectUnknown(withConf("hub_1", change), "whether clients reach hub_1 by TLS");
	});
});

describe("parameters", () => {
	const rule = "secrets-are-secure-strings";
	const key = `-----BEGIN EC PRIVATE${" "}KEY-----\n`;
	const broken = (label: string, what: string) => ({
		rule,
		at: label,
		message: `${label} ${what}, and its type is not SecureString: it is stored in plain text`,
	});
	it("that are secret by their name are encrypted, whatever is in them", () => {
		const label = "leaf.key of hub_1";
		expectBroken(withParameter(label, { encrypted: false, value: "short" }), broken(label, "is a secret"));
		expectBroken(withParameter(label, { encrypted: false, value: UNKNOWN }), broken(label, "is a secret"));
	});

	it("that hold a secret are encrypted, whatever they are called", () => {
		const label = "hub.conf of hub_1";
		const line = 'resolver: "full"\n';
		expectBroken(withParameter(label, { value: `${line}${key}` }), broken(label, "holds a private key in line 2"));
		const packed = Buffer.from(`${"# a file\n".repeat(4)}${key}`).toString("base64");
		expectBroken(withParameter(label, { value: packed }), broken(label, "holds a private key in line 1, encoded"));
		expectCompliant(withParameter(label, { value: key, encrypted: true }));
	});

	it("of which nothing is known are one thing to say", () => {
		const { parameters, ...rest } = compliantDesign();
		const open = parameters.map((one): DesignParameter => {
			return { ...one, encrypted: false, secret: false, value: UNKNOWN };
		});
		expectUnknown(
			{ ...rest, parameters: open },
			"whether there is a secret in the plain text of hub.conf of hub_1 and of 1 more",
		);
		expectUnknown(
			withParameter("leaf.key of hub_1", { encrypted: UNKNOWN }),
			"whether there is a secret in the plain text of leaf.key of hub_1",
		);
	});
});

describe("the version of a server", () => {
	const rule = "server-version-has-the-fixes";
	it.each([
		["2.14.5", "2.14.5, which is older than 2.15.0"],
		["v2.9.25", "v2.9.25, which is older than 2.15.0"],
		["2.15.0-RC.1", "2.15.0-RC.1, which is older than 2.15.0"],
		["latest", "latest, which is no version: at least 2.15.0 is needed"],
	])("%s", (version, what) => {
		const message = `edge1 runs nats-server ${what}`;
		expectBroken(withServer("edge1", { version }), { rule, at: "edge1", message });
	});

	it("of the hub is one whose snapshots its nodes understand, whatever minimumServer is", () => {
		const message = "hub_1 runs nats-server 2.14.5+leafline.1, which is older than 2.15.0";
		const minimumServer = "2.14.5";
		expectBroken(
			withServer("hub_1", { version: "2.14.5+leafline.1" }),
			{ rule, at: "hub_1", message },
			{ minimumServer },
		);
		expectCompliant(withServer("edge1", { version: "2.14.5" }), { minimumServer });
	});

	it("may be later, or not known", () => {
		expectCompliant(withServer("hub_1", { version: "2.15.0+leafline.4" }));
		expectCompliant(withServer("hub_1", { version: "3.0.0+leafline.12" }));
		expectUnknown(withServer("hub_1", { version: UNKNOWN, edition: "leafline" }), "version of hub_1");
	});
});

describe("whom the hub's server answers", () => {
	const rule = "hub-server-answers-only-its-sources";
	const says = (what: string) => `hub_1 runs ${what}, without leafline's change: a device can have its streams deleted`;

	it("anybody, where it is the official one", () => {
		const message = says("nats-server 2.15.2");
		expectBroken(withServer("hub_1", { version: "2.15.2" }), { rule, at: "hub_1", message });
		const other = says("nats-server 2.15.2+other.1");
		expectBroken(withServer("hub_1", { version: "2.15.2+other.1" }), { rule, at: "hub_1", message: other });
	});

	it("is what the settings say where there is no version yet", () => {
		const { version, ...planned } = compliantDesign().servers[0] as DesignServer;
		const withHub = (server: DesignServer) => {
			const design = compliantDesign();
			return { ...design, servers: [server, ...design.servers.slice(1)] };
		};
		const message = says("the official nats-server");
		expectBroken(withHub({ ...planned, edition: "official" }), { rule, at: "hub_1", message });
		expectCompliant(withHub({ ...planned, edition: "leafline" }));
		expectCompliant(withHub(planned));
	});

	it("may not be known yet", () => {
		const open = withServer("hub_1", { version: UNKNOWN });
		expectUnknown(open, "whether the server of hub_1 has leafline's change");
	});

	it("matters on the hub, not on devices", () => {
		expectCompliant(withServer("edge1", { version: "2.15.2" }));
	});
});

describe("public addresses", () => {
	it.each([
		"0.0.0.0/0",
		"8.8.8.8",
		"172.32.0.0/16",
		"192.168.0.0/15",
		"::/0",
		"2000::/3",
		"fc00::/6",
		"x",
		"10.0.0.0/8/8",
	])("%s is one", (cidr) => expect(isPublic(cidr)).toBe(true));

	it.each([
		"10.0.0.0/8",
		"172.31.255.255",
		"192.168.7.0/24",
		"100.127.0.0/16",
		"127.0.0.1",
		"169.254.1.1/32",
		"::1",
		"fe80::1%eth0",
	])("%s is none", (cidr) => expect(isPublic(cidr)).toBe(false));
});
