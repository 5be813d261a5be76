import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNTS, accountJwts, fleetClaims } from "../../components/identity/accounts";
import { deviceCreds } from "../../components/identity/credentials";
import { accountSeeds, deviceSigning } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { openFleet } from "../../config/fleet";
import type { Fleet, Settings } from "../../config/model";
import { renderControlConf } from "../../render/control";
import { type HubConfOptions, renderHubConf } from "../../render/hub";
import { type LeafConfOptions, renderLeafConf } from "../../render/leaf";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { makeServers, type Servers } from "../support/servers";
import { makeFleet, makeSettings } from "../topology/fixtures";
import { checkedByServer, identity } from "./support";

/** Valid names of devices that an unquoted configuration takes for numbers, booleans, sizes or dates. */
const ODD_NAMES = ["007", "1e5", "true", "no", "1g", "2026-01-31", "0x1f", "off", "1-2", "include"];

let servers: Servers;
let made: Awaited<ReturnType<typeof identity>>;

beforeAll(async () => {
	servers = makeServers();
	made = await identity(servers);
});

afterAll(() => servers.close());

function topologyOf(fleet: Fleet, settings: Settings): Topology {
	const { topology, problems } = plan(fleet, settings);
	if (!topology) throw new Error(JSON.stringify(problems));
	return topology;
}

const threeNodes = {
	nodes: 3,
	kind: "aws",
	fileBytes: 4 * 1024 ** 4,
	addresses: ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
} as const;
const routes = [1, 2, 3].map((node) => `nats-route://10.0.0.${node}:6222`);

function hubConf(topology: Topology, options: Partial<HubConfOptions> = {}): string {
	return renderHubConf(topology, { node: 0, ...made.hub, storeDir: servers.path("hub"), ...options });
}

function leafConf(topology: Topology, device: string, options: Partial<LeafConfOptions> = {}): string {
	return renderLeafConf(topology, device, {
		urls: ["tls://10.0.0.1:7422", "tls://10.0.0.2:7422"],
		credentials: servers.path(`${device}.creds`),
		ca: made.files.ca,
		storeDir: servers.path(device),
		...options,
	});
}

async function expectAccepted(name: string, text: string): Promise<void> {
	const { ok, output } = await checkedByServer(servers.write(`${name}.conf`, text));
	expect(output).toContain("is valid");
	expect(ok, output).toBe(true);
}

describe("nats-server -t", () => {
	it("takes hub.conf of one node", () => expectAccepted("one", hubConf(topologyOf(makeFleet(), makeSettings()))));

	it.each([0, 1, 2])("takes hub.conf of node %i of three", async (node) => {
		const topology = topologyOf(makeFleet(), makeSettings({ hub: threeNodes }));
		const { cert, key } = made.hub.tls;
		const tls = { cert, key, ca: made.files.ca };
		const cluster = { routes, advertise: `10.0.0.${node + 1}:6222`, compression: "s2_fast" as const, tls };
		await expectAccepted(`three${node}`, hubConf(topology, { node, cluster }));
	});

	it("takes sync: always on both sides", async () => {
		const fleet = makeFleet();
		const hardware = Object.fromEntries(
			Object.entries(fleet.hardware).map(([name, board]) => [name, { ...board, sync: "always" as const }]),
		);
		const topology = topologyOf({ ...fleet, hardware }, makeSettings({ hub: { sync: "always" } }));
		await expectAccepted("hub-always", hubConf(topology));
		await expectAccepted("leaf-always", leafConf(topology, "edge1"));
	});

	it("takes leaf.conf of every device of the example fleets, and of devices with odd names", async () => {
		const big = makeSettings({ hub: threeNodes });
		const fleets = [
			topologyOf(openFleet("fleets/demo.yaml").fleet, makeSettings()),
			topologyOf(openFleet("fleets/mine.yaml").fleet, big),
			topologyOf(makeFleet({ devices: ODD_NAMES }), makeSettings()),
		];
		const texts = fleets.flatMap((topology) =>
			Object.keys(topology.devices).map((device) => [device, leafConf(topology, device)] as const),
		);
		expect(texts).toHaveLength(3 + 500 + ODD_NAMES.length);
		const queue = [...texts];
		const worker = async () => {
			for (let next = queue.pop(); next !== undefined; next = queue.pop()) await expectAccepted(...next);
		};
		await Promise.all([worker(), worker()]);
	}, 120_000);

	it("takes the control leaf's file", () =>
		expectAccepted(
			"control",
			renderControlConf({
				port: -1,
				users: [{ name: "h", password: '"$x #', account: "HUB" }],
				remotes: [{ urls: ["tls://10.0.0.1:7422"], account: "HUB", credentials: "/x", ca: made.files.ca }],
			}),
		));

	it("refuses a file with a mistake: the check above can fail", async () => {
		const text = leafConf(topologyOf(makeFleet(), makeSettings()), "edge1");
		const { ok } = await checkedByServer(servers.write("bad.conf", text.replace("max_file:", "max_fill:")));
		expect(ok).toBe(false);
	});
});

describe("leaf.conf", () => {
	it("lets programs in without credentials, on loopback only, into an account whose streams state their limits", () => {
		const text = leafConf(topologyOf(makeFleet(), makeSettings()), "edge1");
		expect(text).toContain('listen: "127.0.0.1:14222"');
		expect(text).toMatch(/accounts: \{\n {2}"\$G\/": \{\n {4}jetstream: \{\n {6}max_bytes_required: true\n/);
		const [, user] = /^no_auth_user: "(U[A-Z2-7]{55})"$/m.exec(text) ?? [];
		expect(text).toContain(`nkey: "${user}"`);
		expect(text).toContain('account: "$G/"');
		expect(text).not.toContain("0.0.0.0");
		expect(text.split("\n")[0]).toBe("# made by leafline for device edge1; changes are overwritten");
	});

	it("states what a radio link needs, and lists every URL of the hub", () => {
		const text = leafConf(topologyOf(makeFleet(), makeSettings()), "edge1");
		for (const line of [
			'ping_interval: "20s"',
			"ping_max: 3",
			'reconnect: "1s"',
			'write_deadline: "60s"',
			'dial_timeout: "15s"',
			'first_info_timeout: "15s"',
			"timeout: 15",
			"ignore_discovered_servers: true",
			"max_payload: 1047552",
			'"tls://10.0.0.1:7422",',
			'"tls://10.0.0.2:7422"',
		]) {
			expect(text.split("\n").map((each) => each.trim())).toContain(line);
		}
	});

	it("says no for a device that is not in the fleet", () => {
		const topology = topologyOf(makeFleet(), makeSettings());
		expect(() => leafConf(topology, "edge9")).toThrow("the fleet has no device edge9");
		expect(() => leafConf(topology, "edge1", { urls: [] })).toThrow("at least one URL");
	});
});

describe("hub.conf", () => {
	it("listens on loopback but for the leaf port", () => {
		const topology = topologyOf(makeFleet(), makeSettings({ hub: { kind: "aws" } }));
		const text = hubConf(topology);
		expect(text.match(/0\.0\.0\.0/g)).toHaveLength(1);
		expect(text).toContain('listen: "0.0.0.0:7422"');
		expect(text).not.toContain("no_auth_user");
	});

	it("says no for a node that is not in the cluster, and for a cluster without routes", () => {
		const topology = topologyOf(makeFleet(), makeSettings({ hub: threeNodes }));
		expect(() => hubConf(topology, { node: 3 })).toThrow("a hub of 3 has no node 3");
		expect(() => hubConf(topology)).toThrow("needs routes");
	});

	it("is the same text for the same input, whatever the order of the accounts", () => {
		const topology = topologyOf(makeFleet(), makeSettings());
		const jwt = Object.values(made.hub.preload)[0] ?? "";
		const one = hubConf(topology, { preload: { A: jwt, B: jwt } });
		expect(one).toBe(hubConf(topology, { preload: { B: jwt, A: jwt } }));
	});
});

describe("running servers", () => {
	it("connect with the rendered files, under their odd names, compressed and over TLS", async () => {
		const ports = await freePorts(3 + ODD_NAMES.length * 2);
		const [leafPort = 0, clientPort = 0, monitorPort = 0] = ports;
		const topology = topologyOf(
			makeFleet({ devices: ODD_NAMES, bufferBytes: 2 * 1024 ** 3 }),
			makeSettings({ hub: { leafPort, clientPort, monitorPort } }),
		);
		const seeds = accountSeeds(made.keys);
		const jwts = accountJwts(seeds, fleetClaims(made.keys, topology), made.keys.createdAt);
		const preload = {
			...made.hub.preload,
			...Object.fromEntries(ACCOUNTS.map((account) => [publicKey(seeds[account]), jwts[account]])),
		};
		const hub = servers.add("hub", {}, hubConf(topology, { preload }));
		await hub.start();
		await Promise.all(
			ODD_NAMES.map(async (device, i) => {
				const credentials = servers.write(`${device}.creds`, deviceCreds(deviceSigning(made.keys), device));
				const text = leafConf(topology, device, {
					urls: [`tls://127.0.0.1:${leafPort}`],
					credentials,
					clientPort: ports[3 + 2 * i] ?? 0,
					monitorPort: ports[4 + 2 * i] ?? 0,
				});
				await servers.add(device, {}, text).start();
			}),
		);
		const leafs = await eventually(
			async () => {
				const reply = await fetch(`http://127.0.0.1:${monitorPort}/leafz`);
				const { leafs = [] } = (await reply.json()) as { leafs?: { name: string; compression: string }[] };
				return leafs.length === ODD_NAMES.length && leafs;
			},
			{ what: "every device is connected to the hub" },
		);
		expect(leafs.map(({ name }) => name).sort()).toEqual([...ODD_NAMES].sort());
		expect(new Set(leafs.map(({ compression }) => compression))).toEqual(new Set(["s2_fast"]));
		for (const [i, device] of ODD_NAMES.entries()) {
			const varz = (await (await fetch(`http://127.0.0.1:${ports[4 + 2 * i]}/varz`)).json()) as Varz;
			expect(varz.server_name).toBe(device);
			expect(varz.feature_flags).toMatchObject({ js_ack_fc_v2: true, js_api_reply_v2: true });
			expect(varz.jetstream.config).toMatchObject({
				domain: device,
				max_storage: 2 * 1024 ** 3,
				sync_interval: 250_000_000,
			});
			const client = await connect({ servers: `127.0.0.1:${ports[3 + 2 * i]}` });
			const info = await (await client.jetstreamManager()).getAccountInfo();
			expect(info.domain).toBe(device);
			await client.close();
		}
	});
});

interface Varz {
	readonly server_name: string;
	readonly feature_flags: Record<string, boolean>;
	readonly jetstream: { readonly config: Record<string, unknown> };
}
