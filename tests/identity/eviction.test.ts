import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, type Edge, sourcingConsumer, startBench, streamConfig, withoutIsolation } from "../support/bench";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

/**
 * The hub takes a second link of the same server name, cluster and account for the first one's, come back, and closes the
 * first. Names of devices are no secret, and whatever a device says of itself it may say of another one.
 */

const ATTEMPTS = 20;
/** Names of clusters that somebody might try for a victim, and what the victim's server calls its account. */
const GUESSES = ["", "edge2", "hub", "edge1"];
const ACCOUNT = "$G/";

describe("one device, with another one's name", () => {
	let bench: Bench;
	const victims: Record<string, Edge> = {};

	beforeAll(async () => {
		bench = await startBench();
		victims.edge2 = await bench.startEdge("edge2");
		victims.edge3 = await bench.startEdge("edge3", { evictable: true });
		for (const device of Object.keys(victims)) {
			const stream = `${device}_can`;
			await bench.api(device, `STREAM.CREATE.${stream}`, streamConfig(stream, { subjects: [`${device}.can.>`] }));
			const consumer = sourcingConsumer("hub", `deliver.${device}.can`);
			await bench.api(device, `CONSUMER.CREATE.${stream}.hub`, { stream_name: stream, ...consumer });
		}
		const sources = Object.keys(victims).map((device) => ({
			name: `${device}_can`,
			consumer: { name: "hub", deliver_subject: `deliver.${device}.can` },
			external: { api: `$JS.${device}.API`, deliver: "" },
		}));
		await bench.api("hub", "STREAM.CREATE.hub_can", streamConfig("hub_can", { sources, duplicate_window: 0 }));
	});
	afterAll(() => bench?.close());

	/** Connects with edge1's credentials as `name`, and lets go again. */
	async function pretend(name: string, cluster: string): Promise<void> {
		const leaf = await openRawLeaf({
			port: bench.hubs[0]?.ports.leaf ?? 0,
			ca: bench.ca,
			credentials: bench.credentials("edge1"),
			name,
			pretends: { remote_account: ACCOUNT, ...(cluster !== "" && { cluster }) },
		});
		leaf.close();
	}
	const evictions = (device: string) =>
		victims[device]?.server.log().match(/Duplicate Remote LeafNode Connection|Leafnode connection closed/gi)?.length ??
		0;
	const onHub = async () => ((await bench.api("hub", "STREAM.INFO.hub_can")).state as { messages: number }).messages;
	async function flows(device: string): Promise<void> {
		const before = await onHub();
		await victims[device]?.client.jetstream().publish(`${device}.can.x`, "data");
		await eventually(async () => (await onHub()) === before + 1, { what: `data of ${device} arrives`, within: 30_000 });
	}

	it("closes no link that says it is of a cluster which nobody else knows", async () => {
		await flows("edge2");
		for (let i = 0; i < ATTEMPTS; i++) await pretend("edge2", GUESSES[i % GUESSES.length] ?? "");
		await flows("edge2");
		expect(evictions("edge2")).toBe(0);
	});

	it("closes one that is known to be of none", async () => {
		await flows("edge3");
		for (const guess of ["", "edge3"]) await pretend("edge3", guess);
		await eventually(() => evictions("edge3") > 0, { what: "edge3 is evicted" });
		await flows("edge3");
	});

	it("lets a device take its own place again, whose old link nobody has seen end", async () => {
		const again = async () =>
			openRawLeaf({
				port: bench.hubs[0]?.ports.leaf ?? 0,
				ca: bench.ca,
				credentials: bench.credentials("edge2"),
				name: "edge2",
				pretends: { remote_account: ACCOUNT, cluster: bench.clusterOf("edge2") },
			});
		(await again()).close();
		await eventually(() => evictions("edge2") > 0, { what: "the older link is closed" });
		await flows("edge2");
	});
});

describe.each([
	["closes no link by what another one finds loops with: it is not told", true],
	["closes a link by what it finds loops with, where it is told what others listen to", false],
])("one device", (title, isolated) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await startBench(isolated ? {} : { conf: withoutIsolation });
	});
	afterAll(() => bench?.close());

	it(title, async () => {
		const open = () =>
			openRawLeaf({
				port: bench.hubs[0]?.ports.leaf ?? 0,
				ca: bench.ca,
				credentials: bench.credentials("edge1"),
				name: "edge1",
			});
		const curious = await open();
		const before = told(curious);
		const victim = await bench.startEdge("edge2");
		await curious.flush();
		const learnt = told(curious).filter((subject) => !before.includes(subject));
		curious.close();
		expect(learnt).toHaveLength(isolated ? 0 : 1);
		// With what the hub finds loops by itself, a device ends its own link alone.
		for (const subject of [...before, ...learnt]) {
			const leaf = await open();
			leaf.subscribe(subject);
			await leaf.flush().catch(() => {});
			leaf.close();
		}
		if (!isolated) {
			await eventually(() => /Loop detected/.test(victim.server.log()), {
				what: "edge2 believes that there is a loop",
			});
			return;
		}
		expect(await bench.api("edge2", "INFO")).toHaveProperty("streams");
		expect(victim.server.log()).not.toMatch(/Loop detected|Leafnode connection closed/);
	});
});

/** Subjects by which servers find loops, as the hub told them to a leaf. */
function told({ lines }: { readonly lines: readonly string[] }): string[] {
	return lines.filter((line) => line.startsWith("LS+ $LDS.")).map((line) => line.slice(4));
}
