import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTime } from "../../system/process";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import type { Finished } from "../support/project";
import { makeServers } from "../support/servers";
import { type ClusterProject, makeCluster, NODES } from "./cluster-project";

/** Two nodes elect anew within 9 s of losing the third, and on a busy machine a little later. */
const GOES_ON_MS = 15_000;

/** A hub of three nodes on this machine, as a user gets it: each step starts where the one before ended. */
describe("a local stack with a hub of three nodes", () => {
	let cluster: ClusterProject;
	beforeAll(async () => {
		cluster = await makeCluster();
	});
	afterAll(() => cluster?.close());

	const ok = (result: Finished) => {
		expect(result.code, result.text).toBe(0);
		return result.text;
	};
	/** Four streams over three nodes. */
	const isSpread = (leaders: Record<string, number>) => {
		expect(Object.values(leaders).sort(), JSON.stringify(leaders)).toEqual([1, 1, 2]);
	};

	test("up makes it, and it complies with the policies", async () => {
		const text = ok(await cluster.up("--policy-pack", resolve("policies")));
		expect(text).not.toMatch(/\[(mandatory|advisory)\]|can't run policy/);
		const { leafline } = await cluster.outputs();
		expect(leafline.hub.urls).toHaveLength(3);
		expect(Object.values(leafline.streams).map(({ replicas }) => replicas)).toEqual([3, 3, 3, 3]);
		expect(leafline.pending).toEqual({});
		for (const node of NODES) expect(await cluster.isHealthy(node), node).toBe(true);
		isSpread(await cluster.leaders());
		ok(await cluster.project.pulumi("preview", "--expect-no-changes"));
	});

	test("the first screen tells of it, and a link that is cut is cut to every node", async () => {
		const text = ok(await cluster.leafline("demo", "--messages", "3000"));
		expect(text).toContain("leafline · local · 2 devices, hub of 3 nodes, nats-server 2.15.2+leafline.4");
		expect(text).toContain("0 lost · 0 twice · 0 out of order");
		expect(text).toMatch(/leaf ports \d+, \d+, \d+; all others on loopback/);
		ok(await cluster.leafline("cut", "edge1"));
		await eventually(async () => !(await cluster.leaves()).includes("edge1"), { what: "no node has edge1" });
		ok(await cluster.leafline("restore", "edge1"));
		await eventually(async () => (await cluster.leaves()).includes("edge1"), { what: "edge1 is back" });
	});

	test("any node is killed with -9: sync goes on, and nothing is lost, twice or out of order", async () => {
		const traffic = await cluster.publish("killed");
		try {
			for (const node of NODES) {
				await traffic.flows();
				await cluster.kill(node);
				await traffic.flows(GOES_ON_MS);
				const told = async () => (await cluster.leafline("status")).text.includes("hub up, 2 of 3 nodes");
				await eventually(told, { what: "the status tells of it", within: GOES_ON_MS });
				ok(await cluster.up());
				expect(await cluster.isHealthy(node)).toBe(true);
			}
			const { total } = await traffic.verdict();
			expect(total).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
			expect(total.acknowledged).toBeGreaterThan(5_000);
		} finally {
			await traffic.stop();
		}
	}, 240_000);

	test("a change restarts one node after the other, and nothing is lost, twice or out of order", async () => {
		const before = NODES.map((node) => cluster.pid(node));
		const traffic = await cluster.publish("rolling");
		const away = cluster.watchAway();
		try {
			cluster.project.set("hub", { ...cluster.project.setting("hub"), memory: "96MiB" });
			await traffic.flows();
			ok(await cluster.up());
			expect(await away.most()).toBe(1);
			for (const [index, node] of NODES.entries()) expect(cluster.pid(node)).not.toBe(before[index]);
			isSpread(await cluster.leaders());
			const { total } = await traffic.verdict();
			expect(total).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
			expect(total.acknowledged).toBeGreaterThan(5_000);
		} finally {
			await away.most();
			await traffic.stop();
		}
		ok(await cluster.project.pulumi("preview", "--expect-no-changes"));
	}, 180_000);

	test("a route is open to nobody without the certificate of the routes", async () => {
		const servers = makeServers();
		const file = (name: string) => `${cluster.dir("hub_1")}/${name}`;
		const routed = async (name: string, tls: string) => {
			const [client = 0, route = 0] = await freePorts(2);
			const block = `cluster: { name: "hub", listen: "127.0.0.1:${route}", routes: ["${cluster.route("hub_1")}"], ${tls} }`;
			const server = servers.add(name, { client }, `server_name: ${name}\nlisten: "127.0.0.1:${client}"\n${block}\n`);
			await server.start();
			return async () => (await cluster.routes("hub_1")).includes(name);
		};
		const tls = (cert: string, key: string) =>
			`tls: { cert_file: "${file(cert)}", key_file: "${file(key)}", ca_file: "${file("route-ca.pem")}", verify: true, timeout: 5 }`;
		try {
			const bare = await routed("bare", "");
			const leaf = await routed("leaf", tls("tls.crt", "tls.key"));
			const right = await routed("right", tls("route.crt", "route.key"));
			await eventually(right, { what: "the right certificate opens a route" });
			// They have tried as often by now, and longer.
			expect([await bare(), await leaf()]).toEqual([false, false]);
		} finally {
			await servers.close();
		}
	});

	test("it is not made smaller in place, which would lose what it has", async () => {
		const hub = cluster.project.setting("hub");
		cluster.project.set("hub", { ...hub, nodes: 1 });
		const { code, text } = await cluster.up();
		cluster.project.set("hub", hub);
		expect(code).not.toBe(0);
		expect(text).toContain("hub.nodes: the hub of this stack has 3 nodes, whose messages do not move to 1");
	});

	test("destroy leaves no process and no folder", async () => {
		const pids = NODES.map((node) => cluster.pid(node));
		ok(await cluster.project.pulumi("destroy", "--yes", "--skip-preview"));
		expect(pids.map(startTime)).toEqual([undefined, undefined, undefined]);
		expect(readdirSync(cluster.dir("."))).toEqual([]);
	});
});
