import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountClaims, accountJwts } from "../../components/identity/accounts";
import { devicePublicKey } from "../../components/identity/credentials";
import { accountSeeds, deviceSigning } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { heldAccounts, pushAccount } from "../../components/identity/push";
import { deviceRole } from "../../topology/permissions";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

describe("a revoked device, at a hub of three nodes", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await startBench({ nodes: 3 });
		for (const name of ["edge1", "edge2"]) await bench.startEdge(name);
	});
	afterAll(() => bench?.close());

	const connected = async (name: string) => (await bench.control.leaves())?.has(name);
	const knock = (node: number) =>
		openRawLeaf({
			port: bench.hubs[node]?.ports.leaf ?? 0,
			ca: bench.ca,
			credentials: bench.credentials("edge1"),
			name: `knock${node}`,
		}).then((leaf) => {
			leaf.close();
			return "let in";
		});

	it("is let in by every node before", async () => {
		for (const node of [0, 1, 2]) expect(await knock(node)).toBe("let in");
		expect(await connected("edge1")).toBe(true);
	});

	it("is thrown out at once, and no node lets it in again; others stay", async () => {
		const revoked = [devicePublicKey(deviceSigning(bench.keys), "edge1")];
		await bench.push({ revoked });
		await eventually(async () => (await connected("edge1")) === false, { what: "edge1 is gone", within: 3_000 });
		for (const node of [0, 1, 2]) await expect(knock(node)).rejects.toThrow(/Authorization Violation|closed/);
		expect(await connected("edge2")).toBe(true);
		expect(await bench.api("edge2", "INFO")).toHaveProperty("streams");
	});

	it("is not let in by a node that was down meanwhile, once that has asked the others", async () => {
		await bench.push({});
		expect(await eventually(() => knock(2), { what: "edge1 is let in again" })).toBe("let in");
		await bench.hubs[2]?.kill();
		const revoked = [devicePublicKey(deviceSigning(bench.keys), "edge1")];
		const claims = accountClaims(bench.keys, { role: deviceRole([]), revoked });
		const jwts = accountJwts(accountSeeds(bench.keys), claims, Math.floor(Date.now() / 1000) + 60);
		await expect(pushAccount(bench.control.system, jwts.devices, 3, 1_000)).rejects.toThrow(
			"of the hub's 3 servers only hub_1, hub_2 took the new accounts",
		);
		// What that node knows to be revoked could be more: nothing is pushed before it has told.
		await expect(heldAccounts(bench.control.system, publicKey(bench.keys.devices), 3, 1_000)).rejects.toThrow(
			"of the hub's 3 servers 2 told which accounts they have",
		);
		await bench.hubs[2]?.start();
		const refused = () =>
			knock(2).then(
				() => false,
				() => true,
			);
		await eventually(refused, { what: "the third node refuses edge1 as well", within: 30_000 });
	});

	it("comes back with an older account: why every push must be newer", async () => {
		const claims = accountClaims(bench.keys, { role: deviceRole([]) });
		const old = accountJwts(accountSeeds(bench.keys), claims, bench.keys.createdAt);
		await pushAccount(bench.control.system, old.devices, 3);
		expect(await eventually(() => knock(0), { what: "edge1 is let in again" })).toBe("let in");
	});
});
