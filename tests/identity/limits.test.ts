import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { devicePublicKey } from "../../components/identity/credentials";
import { deviceSigning } from "../../components/identity/keys";
import { NO_LIMITS } from "../../topology/limits-by-role";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { openRawLeaf, type RawLeaf } from "../support/raw-leaf";

/** Of one user, in leafline's server (`links_of_a_user.go`). */
const LINKS_OF_ONE = 8;

/** What somebody with one device's credentials can take of the hub, and what that does to the others. */
describe.each([
	{ title: "leafline's server", official: false },
	{ title: "the official server", official: true },
])("a thief of one device's credentials, at $title", ({ official }) => {
	let bench: Bench;
	const open: RawLeaf[] = [];
	beforeAll(async () => {
		const as = official ? { program: await officialServer() } : {};
		bench = await startBench({ downlinks: ["hub_commands"], ...as });
		for (const name of ["edge1", "edge2"]) await bench.startEdge(name);
	});
	afterAll(() => bench?.close());
	beforeEach(() => bench.push({}));
	afterEach(async () => {
		for (const leaf of open.splice(0)) leaf.close();
		await eventually(async () => (await links()).length === 2, { what: "the thief's links are gone" });
	});

	interface Link {
		readonly name: string;
		readonly subscriptions: number;
	}
	/** Leaf connections of the hub, without those of the operator's control leaf. */
	const links = async (): Promise<readonly Link[]> => {
		const answer = await fetch(`http://127.0.0.1:${bench.hubs[0]?.ports.monitor}/leafz`);
		const { leafs } = (await answer.json()) as { leafs: readonly Link[] };
		return leafs.filter(({ name }) => !name.startsWith("control"));
	};
	const openLink = async (name: string, device = "edge1") => {
		const port = bench.hubs[0]?.ports.leaf ?? 0;
		const leaf = await openRawLeaf({ port, ca: bench.ca, credentials: bench.credentials(device), name });
		open.push(leaf);
		return leaf;
	};
	const isLetIn = (device: string) =>
		openLink(device, device).then(
			(leaf) => {
				leaf.close();
				return true;
			},
			() => false,
		);
	const subscribe = async (leaf: RawLeaf, subscriptions: number) => {
		for (let i = 0; i < subscriptions; i++) leaf.subscribe(`dl.edge1.${"x".repeat(200)}.${i}`);
		await leaf.flush();
	};
	const held = async (name: string) => (await links()).find((link) => link.name === name)?.subscriptions;
	const complaints = () => bench.hubs[0]?.log().match(/maximum subscriptions exceeded/g)?.length ?? 0;

	it("has no more subscriptions than its role, and the log says so once, not each time", async () => {
		const thief = await openLink("thief");
		await subscribe(thief, 5_000);
		expect(thief.closed).toBe(false);
		expect(await held("thief")).toBe(256);
		expect(complaints()).toBe(1);
		for (const name of ["edge1", "edge2"]) expect(await bench.api(name, "INFO")).toHaveProperty("streams");
	});

	it("would have as many as it likes without the limit", async () => {
		await bench.push({ limits: NO_LIMITS });
		const thief = await openLink("thief");
		await subscribe(thief, 5_000);
		expect(await held("thief")).toBeGreaterThanOrEqual(5_000);
	});

	const until = official ? "until the fleet's are used up" : "of which a few are taken and the fleet's are left";
	it(`opens links ${until}; those that are there stay, and revoking ends all of its own`, async () => {
		const refused: string[] = [];
		for (let i = 0; i < 50; i++) await openLink(`thief-${i}`).catch((error: Error) => refused.push(error.message));
		expect(open.length).toBe(official ? 32 - 2 : LINKS_OF_ONE - 1);
		expect(new Set(refused)).toEqual(
			new Set(["the leaf connection was closed: -ERR 'maximum account active connections exceeded'"]),
		);
		for (const name of ["edge1", "edge2"]) expect(await bench.api(name, "INFO")).toHaveProperty("streams");
		const isNamed = bench.hubs[0]?.log().includes('User "edge1" has 8 leaf node connections here already') ?? false;
		expect(isNamed).toBe(!official);
		// Whose link breaks now comes back only where the thief has left room.
		expect(await isLetIn("edge3")).toBe(!official);
		const revoked = [devicePublicKey(deviceSigning(bench.keys), "edge1")];
		await bench.push({ revoked });
		await eventually(() => open.every((leaf) => leaf.closed), { what: "all links of the thief are closed" });
		expect(await bench.api("edge2", "INFO")).toHaveProperty("streams");
		await bench.push({});
		await eventually(() => bench.api("edge1", "INFO"), { what: "edge1 is back" });
	});

	if (official) {
		it("would open all of them without the limit", async () => {
			await bench.push({ limits: NO_LIMITS });
			for (let i = 0; i < 50; i++) await openLink(`thief-${i}`);
			expect(open.every((leaf) => !leaf.closed)).toBe(true);
		});
	}

	it("is counted by its links that are open: one that comes back after each break is let in each time", async () => {
		for (let i = 0; i < 3 * LINKS_OF_ONE; i++) {
			const leaf = await openLink(`flaky-${i}`);
			leaf.close();
			await eventually(async () => (await links()).length === 2, { what: "the hub has noticed that it is closed" });
		}
	});
});
