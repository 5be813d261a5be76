import { expect, it } from "vitest";
import { startPublisher } from "../../cli/demo/publisher";
import { encodePayload } from "../../cli/demo/traffic";
import { createAuthority } from "../../components/identity/certificates";
import { deviceCreds } from "../../components/identity/credentials";
import { createKeys, deviceSigning } from "../../components/identity/keys";
import { renderLeafConf } from "../../render/leaf";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { makeStreams } from "../support/rig";
import type { Server } from "../support/servers";
import type { Site } from "./site";

/** The device's client port, once it runs. */
export interface Device {
	port: number;
	server: Server | undefined;
}

const MESSAGES = 5_000;

/** Devices outside: one that belongs here, and others. */
export function devices(site: () => Site, device: Device): void {
	it("an administrator reaches the hub over 7422 alone, and gives it its accounts", async () => {
		await site().pushAccounts();
		const { system } = await site().control();
		const answer = await system.request("$SYS.REQ.SERVER.PING.VARZ", "{}", { timeout: 60_000 });
		expect(answer.json<{ server: { name: string } }>().server.name).toBe("hub");
	});

	it("a device with TLS and its credentials: the hub takes every message of its stream", async () => {
		const { world, control } = site();
		device.server = await startLeaf(site(), "edge1", {});
		device.port = device.server.ports.client ?? 0;
		const way = await control();
		const reached = () => way.request("$JS.edge1.API.INFO", undefined, { timeoutMs: 3_000 }).then(() => true);
		await eventually(reached, { what: "the hub reaches the device", within: 600_000 });
		await makeStreams(world.topology, world);
		const publisher = await startPublisher({
			port: device.port,
			subject: "vehicle.speed",
			messages: MESSAGES,
			rate: 2_000,
			payload: (counter) => encodePayload("first", "edge1", counter, 128),
		});
		await publisher.done;
		await publisher.stop();
		const started = Date.now();
		const there = async () => (await hubMessages(site(), "hub_can")) === MESSAGES;
		await eventually(there, { what: `${MESSAGES} messages are on the hub`, within: 600_000 });
		console.log(`  ${MESSAGES} messages, the last on the hub ${Date.now() - started} ms after the device had it`);
	});

	it("without credentials, or with another fleet's: refused by the hub", async () => {
		const { servers, world } = site();
		const foreign = deviceCreds(deviceSigning(createKeys()), "edge1");
		const intruders = {
			nobody: await startLeaf(site(), "nobody", { change: (text) => text.replace(/^\s*credentials: .*\n/m, "") }),
			stranger: await startLeaf(site(), "stranger", { creds: servers.write("stranger.creds", foreign) }),
		};
		for (const [name, server] of Object.entries(intruders)) {
			const refused = () => /Authorization Violation/.test(server.log());
			await eventually(refused, { what: `${name} is refused`, within: 300_000 }).catch((error) => {
				throw new Error(`${error.message}\n${server.log()}`);
			});
			expect(server.log()).toContain(world.connection.urls[0]?.replace("tls://", "") ?? "");
		}
		const { system } = await site().control();
		const leafz = await system.request("$SYS.REQ.SERVER.PING.LEAFZ", "{}", { timeout: 60_000 });
		const names = (leafz.json<{ data: { leafs: { name: string }[] } }>().data.leafs ?? []).map(({ name }) => name);
		expect(names).toContain("edge1");
		expect(names.filter((name) => name in intruders)).toEqual([]);
		await Promise.all(Object.values(intruders).map((server) => server.kill()));
	});

	it("a device that trusts another authority does not give the hub its credentials", async () => {
		const { caPem } = await createAuthority(Date.now());
		const server = await startLeaf(site(), "careful", { ca: site().servers.write("other-ca.pem", caPem) });
		const refused = () => /x509: certificate signed by unknown authority/.test(server.log());
		await eventually(refused, { what: "the device refuses the hub's certificate", within: 600_000 });
		await server.kill();
	});
}

interface LeafChanges {
	readonly creds?: string;
	readonly ca?: string;
	readonly change?: (text: string) => string;
}

/** A nats-server with the configuration of the device edge1, but for its name and what is different. */
async function startLeaf({ world, servers }: Site, name: string, changes: LeafChanges): Promise<Server> {
	const { change = (text: string) => text } = changes;
	const [port = 0] = await freePorts(1);
	const conf = renderLeafConf(world.topology, "edge1", {
		urls: world.connection.urls,
		credentials: changes.creds ?? servers.write(`${name}.creds`, world.credentials("edge1")),
		ca: changes.ca ?? servers.write(`${name}-ca.pem`, world.connection.ca),
		storeDir: servers.path(name),
		clientPort: port,
	});
	const named = conf.replace(/^server_name: .*$/m, `server_name: ${name}`);
	const server = servers.add(name, { client: port }, change(named));
	await server.start();
	return server;
}

/** How many messages a stream of the hub has. */
export async function hubMessages(site: Site, stream: string): Promise<number> {
	const way = await site.control();
	const info = await way.request(`${ADMIN_API}.STREAM.INFO.${stream}`, undefined, { timeoutMs: 60_000 });
	return (info as { state: { messages: number } }).state.messages;
}
