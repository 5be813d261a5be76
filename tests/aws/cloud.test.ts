import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACCOUNTS, accountJwts, fleetClaims, operatorJwt, systemAccountJwt } from "../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { adminCreds, systemCreds } from "../../components/identity/credentials";
import { accountSeeds, createKeys } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { pushAccount } from "../../components/identity/push";
import { type Control, control } from "../../control/control";
import { renderHubConf } from "../../render/hub";
import { confPath, NODE, PARAMETER } from "../../render/node/files";
import { renderRelease, renderVolume } from "../../render/node/parameters";
import { ADMIN_API } from "../../topology/permissions";
import { type Cloud, startCloud } from "../support/aws/cloud";
import { eventually } from "../support/eventually";
import { awsTopology } from "./deploy";

const load = createRequire(__filename);
const { openWorld } = load("../support/aws/world.js") as typeof import("../support/aws/world.js");
const { operationsOn, resourceOf, remove } = load(
	"../support/aws/operations.js",
) as typeof import("../support/aws/operations.js");

const NODES = [1, 2, 3] as const;
const INSTANCE = "aws:ec2/instance:Instance";
const PARAMETER_TYPE = "aws:ssm/parameter:Parameter";
const path = (node: number) => `/leafline/prod/hub/${node}`;
const privateAddress = (node: number) => `10.74.${node}.10`;

const topology = awsTopology({ nodes: 3 });
const keys = createKeys();
const folder = mkdtempSync(join(tmpdir(), "leafline-cloud-"));
const world = openWorld(folder);
const region = "eu-central-1";
let cloud: Cloud;
let account: ReturnType<typeof operationsOn>;
let hub: Control;
const volumes: Record<number, string> = {};
const instances: Record<number, string> = {};
const publicAddresses: Record<number, string> = {};
const cards: Record<number, string> = {};
let certificates: Record<"leaf" | "route", Awaited<ReturnType<typeof createServerCertificate>>>;

const create = async (type: string, name: string, inputs: Record<string, unknown>) =>
	account.create(resourceOf(`urn:pulumi:prod::hub::${type}::${name}`), inputs);

function files(node: number, changed: { routeTimeout?: number; unit?: string; conf?: string } = {}) {
	const routes = NODES.map((other) => `nats-route://${privateAddress(other)}:6222`);
	const routeTls = { cert: confPath(PARAMETER.routeCert), key: confPath(PARAMETER.routeKey) };
	const listen = `${privateAddress(node)}:6222`;
	const conf = renderHubConf(topology, {
		node: node - 1,
		operatorJwt: operatorJwt(keys),
		systemAccount: publicKey(keys.system),
		preload: { [publicKey(keys.system)]: systemAccountJwt(keys) },
		tls: { cert: confPath(PARAMETER.leafCert), key: confPath(PARAMETER.leafKey) },
		address: publicAddresses[node] ?? "",
		pidFile: NODE.pidFile,
		cluster: { listen, advertise: listen, routes, tls: { ...routeTls, ca: confPath(PARAMETER.routeCa) } },
	});
	return {
		[PARAMETER.conf]: changed.conf ?? conf,
		[PARAMETER.firewall]: "table inet hub {}\n",
		[PARAMETER.unit]: changed.unit ?? "[Service]\n",
		[PARAMETER.release]: renderRelease({ version: "2.15.2", url: "s3://b/k", sha256: "0".repeat(64) }),
		[PARAMETER.volume]: renderVolume(volumes[node] ?? ""),
		[PARAMETER.leafCert]: certificates.leaf.serverCert,
		[PARAMETER.leafKey]: certificates.leaf.serverKey,
		[PARAMETER.routeCert]: certificates.route.serverCert,
		[PARAMETER.routeKey]: certificates.route.serverKey,
		[PARAMETER.routeCa]: certificates.route.caPem,
	};
}

/** Writes a node's parameters, as an update of the stack does. */
async function put(node: number, changed: Parameters<typeof files>[1] = {}) {
	for (const [file, text] of Object.entries(files(node, changed))) {
		const name = `${path(node)}/${file}`;
		const inputs = { name, type: "String", insecureValue: text, overwrite: true };
		await create(PARAMETER_TYPE, `hub-${node}-${file}`, inputs);
	}
}

async function launch(node: number) {
	const machine = { ami: "ami-1", primaryNetworkInterface: { networkInterfaceId: cards[node] } };
	const userData = `#!/bin/sh\ncat > /etc/leafline/node.env << END\nREGION=${region}\nPARAMETERS=${path(node)}\nEND\n`;
	instances[node] = (await create(INSTANCE, `hub-${node}`, { ...machine, userData })).id;
	const attached = { deviceName: "/dev/sdf", volumeId: volumes[node], instanceId: instances[node] };
	await create("aws:ec2/volumeAttachment:VolumeAttachment", `hub-${node}`, { ...attached, skipDestroy: true });
}

const apply = (node: number) => cloud.apply(instances[node] ?? "");
const healthy = (node: number) =>
	eventually(async () => (await cloud.machine(`hub-${node}`).monitor("healthz"))?.status === 200, {
		what: `hub-${node} is healthy`,
		within: 40_000,
	});
const streamMessages = async () => {
	const info = (await hub.request(`${ADMIN_API}.STREAM.INFO.hub_can`)) as { state?: { messages: number } };
	return info.state?.messages;
};

beforeAll(async () => {
	world.setControl({ prefix: `127.${1 + Math.floor(Math.random() * 254)}.7`, faults: [], given: {} });
	cloud = await startCloud(folder);
	account = operationsOn(world, { region, settle: () => cloud.settle() });
	for (const node of NODES) {
		const card = { subnetId: "given", privateIps: [privateAddress(node)] };
		cards[node] = (await create("aws:ec2/networkInterface:NetworkInterface", `hub-${node}`, card)).id;
		const address = await create("aws:ec2/eip:Eip", `hub-${node}`, { domain: "vpc" });
		publicAddresses[node] = String(address.outs.publicIp);
		const association = { allocationId: address.id, networkInterfaceId: cards[node] };
		await create("aws:ec2/eipAssociation:EipAssociation", `hub-${node}`, association);
		volumes[node] = (await create("aws:ebs/volume:Volume", `hub-${node}`, { size: 1 })).id;
	}
	const now = Date.now();
	const authority = await createAuthority(now);
	certificates = {
		leaf: await createServerCertificate(authority, Object.values(publicAddresses), now),
		route: await createServerCertificate(await createAuthority(now), NODES.map(privateAddress), now, "peer"),
	};
	for (const node of NODES) await put(node);
	await create("aws:ssm/document:Document", "apply", { name: "apply", content: "{}" });
});

afterAll(async () => {
	await hub?.close();
	await cloud?.close();
	rmSync(folder, { recursive: true, force: true });
});

test("three machines become a hub, one after the other", async () => {
	for (const node of NODES) {
		await launch(node);
		// The boot has begun by itself; this waits for it.
		const lines = await apply(node);
		expect(lines.at(-1)).toBe(node === 3 ? "healthy" : "started; waits for the other nodes");
	}
	await Promise.all(NODES.map(healthy));
	hub = await control({
		urls: Object.values(publicAddresses).map((address) => `tls://${address}:7422`),
		ca: certificates.leaf.caPem,
		adminCreds: adminCreds(keys, { direct: true }),
		systemCreds: systemCreds(keys, { direct: true }),
	});
	const jwts = accountJwts(accountSeeds(keys), fleetClaims(keys, topology), Math.floor(Date.now() / 1000) + 1);
	for (const account of ACCOUNTS) await pushAccount(hub.system, jwts[account], 3);
	await hub.ready();
	const config = { name: "hub_can", subjects: ["down.>"], num_replicas: 3, storage: "file", max_bytes: 1e6 };
	const made = await eventually(
		async () => {
			const reply = (await hub.request(`${ADMIN_API}.STREAM.CREATE.hub_can`, config)) as { error?: unknown };
			return reply.error ? Promise.reject(new Error(JSON.stringify(reply.error))) : reply;
		},
		{ what: "a stream with three replicas" },
	);
	expect(made).toMatchObject({ config: { num_replicas: 3 } });
	expect(await hub.request("down.edge1.can.a", "one")).toMatchObject({ stream: "hub_can", seq: 1 });
}, 120_000);

test("what was taken is not taken again, and a bad configuration not at all", async () => {
	expect(await apply(2)).toEqual(["nothing to do", "healthy"]);
	await put(2, { conf: "listen: nowhere\n" });
	await expect(apply(2)).rejects.toThrow("nats-server refuses parameter hub.conf");
	expect(cloud.machine("hub-2").running()).toBe(true);
	await put(2);
	expect(await apply(2)).toEqual(["nothing to do", "healthy"]);
});

test("another unit restarts the node in lame duck, and others serve meanwhile", async () => {
	await put(3, { unit: "[Service]\nNice=1\n" });
	expect(await apply(3)).toEqual(["restarting: another unit", "healthy"]);
	expect(await streamMessages()).toBe(1);
	const down = world.log().filter(({ op }) => op === "down");
	expect(down.map(({ name }) => name)).toEqual(["hub-3"]);
}, 120_000);

test("a machine that is replaced finds its data on its volume", async () => {
	await account.delete(resourceOf(`urn:pulumi:prod::hub::${INSTANCE}::hub-1`), instances[1] ?? "", {});
	expect(() => cloud.machine("hub-1")).toThrow("no machine has booted as hub-1");
	await launch(1);
	expect(await apply(1)).toEqual(["nothing to do", "healthy"]);
	expect(cloud.machine("hub-1").places.publicAddress).toBe(publicAddresses[1]);
	expect(await streamMessages()).toBe(1);
}, 120_000);

test("a machine without its volume does not become a node", async () => {
	const attachments = Object.values(world.read().things).filter(({ type }) => type.endsWith(":VolumeAttachment"));
	const own = attachments.find(({ inputs }) => inputs.volumeId === volumes[2]);
	world.change((all) => {
		remove(all, Object.values(all.things).find(({ id }) => id === instances[2]) as never);
	});
	await cloud.settle("lost");
	expect(own).toBeDefined();
	const machine = { ami: "ami-1", primaryNetworkInterface: { networkInterfaceId: cards[2] } };
	const { id } = await create(INSTANCE, "hub-2", { ...machine, userData: `PARAMETERS=${path(2)}\n` });
	await expect(cloud.apply(id)).rejects.toThrow("no disk has the serial vol0");
});
