import { describe, it } from "vitest";
import { type Design, type DesignDevice, type DesignRole, UNKNOWN } from "../../policies/model";
import { programDenials } from "../../topology/program-permissions";
import { expectBroken, expectCompliant, expectUnknown } from "./breaks";
import { compliantDesign } from "./fixture";
import { withConf, withRemote, withServer } from "./hub-fixture";

function withDevice(name: string, change: Partial<DesignDevice>): Design {
	const design = compliantDesign();
	return {
		...design,
		devices: design.devices.map((device) => (device.name === name ? { ...device, ...change } : device)),
	};
}

function withRole(change: (role: DesignRole) => Partial<DesignRole>): Design {
	const design = compliantDesign();
	return { ...design, roles: design.roles.map((role) => ({ ...role, ...change(role) })) };
}

describe("the hub's users", () => {
	it.each([
		[{ no_auth_user: "guest" }, ""],
		[{ No_Auth_User: UNKNOWN }, ""],
		[{ websocket: { listen: "127.0.0.1:443", no_auth_user: "guest" } }, " for WebSocket"],
	])("by default: %o", (change, where) => {
		expectBroken(withConf("hub_1", change), {
			rule: "hub-has-no-default-user",
			at: "hub_1",
			message: `hub_1 has no_auth_user${where}: it lets in whoever shows no credentials`,
		});
	});

	it.each([
		[{ operator: undefined }],
		[{ operator: [] }],
		[{ operator: undefined, authorization: { timeout: 2, users: [] }, accounts: { HUB: { jetstream: true } } }],
		[{ operator: undefined, leafnodes: { port: 7422, authorization: { account: "HUB" } } }],
	])("are everybody where nobody is asked: %o", (change) => {
		expectBroken(withConf("hub_1", change), {
			rule: "hub-has-no-default-user",
			at: "hub_1",
			message: "hub_1 has a leaf port and no operator or user: it lets in whoever connects",
		});
	});

	it.each([
		[{ operator: undefined, roots: ["a.jwt"] }],
		[{ operator: undefined, Authorization: { Users: [{ nkey: "UA" }] } }],
		[{ operator: undefined, accounts: { HUB: { users: [{ nkey: "UA" }] } } }],
		[{ operator: undefined, leafnodes: { port: 7422, authorization: { nkey: "UA" } } }],
		[{ operator: undefined, leafnodes: { port: 7422, tls: { verify: true } } }],
		[{ operator: undefined, leafnodes: { remotes: [] } }],
	])("are asked, or there is no way in: %o", (change) => expectCompliant(withConf("hub_1", change)));

	it.each([
		[{ operator: undefined, accounts: UNKNOWN }, "whom hub_1 lets in"],
		[{ operator: undefined, accounts: { HUB: UNKNOWN } }, "whom hub_1 lets in"],
		[{ authorization: UNKNOWN }, "whether hub_1 has passwords"],
		[{ accounts: { HUB: UNKNOWN } }, "whether hub_1 has passwords"],
		[{ accounts: { HUB: { users: [UNKNOWN] } } }, "whether hub_1 has passwords"],
		[{ websocket: UNKNOWN }, "no_auth_user of hub_1"],
	])("are not known with %o", (change, what) => expectUnknown(withConf("hub_1", change), what));

	it.each([
		[{ authorization: { user: "a", password: "b" } }, "authorization"],
		[{ Authorization: { PASS: "b" } }, "Authorization"],
		[{ accounts: { HUB: { Users: [{ Username: "a", Pass: "$2a$11$x" }] } } }, "accounts.HUB.Users"],
		[
			{ leafnodes: undefined, leaf: { port: 7422, authorization: { users: [{ username: "a", pass: "b" }] } } },
			"leaf.authorization.users",
		],
		[{ ws: { listen: "127.0.0.1:443", authentication: { token: "t" } } }, "ws.authentication"],
		[{ gateway: { name: "a", gateways: [{ name: "b", url: "nats://a:b@b:7222" }] } }, "the URL of a gateway"],
		[{ cluster: { routes: ["nats-route://token@hub-2:6222"] } }, "the URL of a route"],
		[{ authorization: { users: [{ user: "a", password: UNKNOWN }] } }, "authorization.users"],
		[{ authorization: { token: "t" } }, "authorization"],
		[{ accounts: { HUB: { users: [{ nkey: "UA" }, { user: "a", password: "b" }] } } }, "accounts.HUB.users"],
		[{ leafnodes: { authorization: { user: "a", password: "b" } } }, "leafnodes.authorization"],
		[{ cluster: { routes: ["nats-route://a:b@hub-2:6222"] } }, "the URL of a route"],
		[
			{ authorization: { token: "t" }, cluster: { authorization: { user: "a", password: "b" } } },
			"authorization and 1 more places",
		],
	])("by password: %o", (change, where) => {
		expectBroken(withConf("hub_1", change), {
			rule: "server-uses-no-passwords",
			at: "hub_1",
			message: `hub_1 has a password in ${where}: whoever knows it is let in`,
		});
	});

	it.each([
		[{ leafnodes: { authorization: { timeout: 30 } } }],
		[{ accounts: { user: { users: [{ nkey: "UA" }] } } }],
		[{ mappings: { token: "other" } }],
	])("may have %o", (change) => expectCompliant(withConf("hub_1", change)));

	it("are not known when the configuration is not", () => {
		expectUnknown(withServer("hub_1", { conf: UNKNOWN }), "configuration of hub_1");
		const design = compliantDesign();
		const servers = design.servers.map((server) => ({ ...server, conf: UNKNOWN, version: UNKNOWN }) as const);
		for (const what of ["configuration", "max_file", "version"]) {
			expectUnknown({ ...design, servers }, `${what} of edge1 and of 3 more`);
		}
	});
});

describe("leaf remotes", () => {
	it.each([
		[
			"leaf-remote-has-credentials",
			{ credentials: undefined },
			"connects to tls://hub.example:7422 without credentials",
		],
		["leaf-remote-uses-tls", { tls: undefined }, "connects to tls://hub.example:7422 without insisting on TLS"],
		[
			"leaf-remote-uses-tls",
			{ tls: { insecure: true } },
			"connects to tls://hub.example:7422 and takes any certificate",
		],
		[
			"server-uses-no-passwords",
			{ urls: ["tls://a:b@hub.example:7422"] },
			"has a password in the URL of a leaf remote: whoever knows it is let in",
		],
	])("%s: %o", (rule, change, message) => {
		expectBroken(withRemote(change), { rule, at: "edge1", message: `edge1 ${message}` });
	});

	it("show no password in what is said of them", () => {
		const design = withRemote({ urls: ["tls://a:b@hub.example:7422"], credentials: undefined });
		expectBroken(
			design,
			{
				rule: "leaf-remote-has-credentials",
				at: "edge1",
				message: "edge1 connects to tls://…@hub.example:7422 without credentials",
			},
			{ severity: { "server-uses-no-passwords": "disabled" } },
		);
	});

	it.each([
		[{ credentials: undefined, nkey: "/etc/nats/device.nk" }],
		[{ tls: {} }],
		[{ tls: undefined, urls: undefined, url: "wss://hub.example:443" }],
	])("may have %o", (change) => expectCompliant(withRemote(change)));

	it.each([
		[{ credentials: UNKNOWN }, "credentials of edge1"],
		[{ tls: UNKNOWN }, "TLS of the leaf remotes of edge1"],
		[{ tls: { insecure: UNKNOWN } }, "whether edge1 checks the hub's certificate"],
	])("are not known with %o", (change, what) => expectUnknown(withRemote(change), what));

	it("are not known at all", () => {
		expectUnknown(withConf("edge1", { leafnodes: { remotes: UNKNOWN } }), "leaf remotes of edge1");
		expectUnknown(withConf("edge1", { leafnodes: UNKNOWN }), "leaf remotes of edge1");
	});
});

describe("devices", () => {
	it.each([
		[
			"device-domain-is-unique",
			{ domain: "edge1" },
			"JetStream domain edge1, which edge1 has: the hub reaches only one of them",
		],
		[
			"device-domain-is-unique",
			{ domain: "hub" },
			"JetStream domain hub, which hub_1 has: the hub reaches only one of them",
		],
		["server-name-is-unique", { serverName: "edge1" }, "server name edge1, which edge1 has: one of them stays out"],
		["server-name-is-unique", { serverName: "hub_1" }, "server name hub_1, which hub_1 has: one of them stays out"],
	])("%s: %o", (rule, change, message) => {
		expectBroken(withDevice("edge2", change), { rule, at: "edge2", message: `edge2 has the ${message}` });
	});

	it.each<readonly [Partial<DesignDevice>, string]>([
		[{ domain: UNKNOWN }, "JetStream domain of edge2"],
		[{ serverName: UNKNOWN }, "server name of edge2"],
	])("are not known with %o", (change, what) => expectUnknown(withDevice("edge2", change), what));

	it("servers of a cluster share a domain", () => {
		const [hub] = compliantDesign().servers;
		if (hub === undefined || typeof hub.conf !== "object") throw new Error("there is no hub");
		const second = { ...hub, origin: { label: "hub_2" }, conf: { ...hub.conf, server_name: "hub_2" } };
		expectCompliant({ ...compliantDesign(), servers: [...compliantDesign().servers, second] });
	});
});

describe("roles", () => {
	it.each([
		["publish", "$JS.API.>", "publish on $JS.API.>"],
		["publish", "deliver.>", "publish on deliver.>"],
		["publish", "deliver.truck-001.>", "publish on deliver.truck-001.>"],
		["subscribe", "$JSC.R.>", "subscribe to $JSC.R.>"],
	] as const)("%s %s", (what, subject, may) => {
		expectBroken(
			withRole((role) => ({ [what]: [...role[what], subject] })),
			{
				rule: "role-is-least-privilege",
				at: "role of devices",
				message: `role of devices may ${may}, which a device does not need`,
			},
		);
	});

	it("without a list may do everything", () => {
		expectBroken(
			withRole(() => ({ publish: [] })),
			{
				rule: "role-is-least-privilege",
				at: "role of devices",
				message: "role of devices may publish on >, which a device does not need",
			},
		);
	});

	it("may do less, and share it in a queue", () => {
		expectCompliant(withRole(({ publish }) => ({ publish: [...publish.slice(0, 1), "deliver.{{name()}}.can queue"] })));
	});
});

describe("programs on a device, which show no credentials", () => {
	const account = (user: object, more: object = {}) => ({
		accounts: { "$G/": { jetstream: { max_bytes_required: true }, users: [{ nkey: "UD", ...user }], ...more } },
	});
	const { publish, subscribe } = programDenials("edge1", {
		uplinks: ["can", "debug"],
		downlinks: ["commands"],
	});
	const all = { publish: { deny: publish }, subscribe: { deny: subscribe } };
	const without = (subject: string) => ({ ...all, publish: { deny: publish.filter((each) => each !== subject) } });

	it.each([
		[account({}), `publish on deliver.> and ${publish.length + subscribe.length - 1} others`],
		[account({ permissions: without("_R_.>") }), "publish on _R_.>"],
		[account({ permissions: without("$JS.API.STREAM.PURGE.edge1_can") }), "publish on $JS.API.STREAM.PURGE.edge1_can"],
		[
			account({ permissions: without("$JS.API.STREAM.DELETE.edge1_commands") }),
			"publish on $JS.API.STREAM.DELETE.edge1_commands",
		],
		[account({ permissions: without("$JS.ACK.edge1_debug.hub.>") }), "publish on $JS.ACK.edge1_debug.hub.>"],
		[account({ permissions: { ...all, subscribe: { deny: subscribe.slice(1) } } }), "subscribe to deliver.>"],
		[account({ permissions: { ...all, publish: [...["vehicle.>", "deliver.edge1.can"]] } }), "publish on deliver.>"],
	])("may do more than they need: %#", (change, may) => {
		expectBroken(withConf("edge1", change), {
			rule: "device-programs-are-limited",
			at: "edge1",
			message: `programs on edge1 may ${may} without credentials`,
		});
	});

	it.each([
		[account({ permissions: all })],
		[account({ Permissions: { Pub: { Deny: [">"] }, sub: { deny: [">"] } } })],
		[account({ permissions: { ...all, publish: ["vehicle.>", "_INBOX.>"] } })],
		[account({}, { default_permissions: all })],
		[{ no_auth_user: undefined, ...account({}) }],
		// With such a configuration the server does not start.
		[{ no_auth_user: "UX", ...account({}) }],
	])("may do less, or are not let in: %#", (change) => expectCompliant(withConf("edge1", change)));

	it("are not known before their configuration is", () => {
		expectUnknown(withConf("edge1", account({ permissions: UNKNOWN })), "what programs on edge1 may do");
	});
});
