import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOWNLINK_API, deviceRole, type Role } from "../../topology/permissions";
import { type Attacker, onDevice, onWire } from "../support/attacker";
import {
	type Bench,
	type BenchOptions,
	type Edge,
	sourcingConsumer,
	startBench,
	streamConfig,
	withoutIsolation,
} from "../support/bench";
import { eventually } from "../support/eventually";
import { ATTACKS, type Attack, DOWNLINK, READER, STREAM, type Target } from "./attacks";

const ANYTHING: Role = { publish: [">"], subscribe: [">"], connections: ["LEAFNODE"] };

const ON_DEVICE = "through its own server";
const ON_WIRE = "with a leaf connection of its own";

interface Variant {
	readonly name: string;
	readonly options: BenchOptions;
	readonly succeeds: (attack: Attack) => boolean;
}

/**
 * The real thing, and without what a role permits: an attack that fails there as well proves nothing. What the accounts
 * hold off succeeds in the matrix (`matrix.test.ts`), on a hub with one account for all.
 */
const VARIANTS: readonly Variant[] = [
	{
		name: "as it is",
		options: { rules: { role: deviceRole([DOWNLINK]) } },
		succeeds: () => false,
	},
	{
		name: "without permissions",
		options: { rules: { role: ANYTHING }, conf: withoutIsolation },
		succeeds: ({ stoppedBy }) => stoppedBy === "role",
	},
];

describe.each(VARIANTS)("a hostile device, $name", ({ options, succeeds }) => {
	let bench: Bench;
	let target: Target;
	const ways: Record<string, () => Promise<Attacker>> = {};

	beforeAll(async () => {
		bench = await startBench(options);
		const own = await bench.startEdge("edge1");
		const victim = await bench.startEdge("edge2");
		target = { bench, victim };
		await fill(bench, { edge1: own, edge2: victim });
		ways[ON_DEVICE] = async () => onDevice(own.owner);
		ways[ON_WIRE] = () =>
			onWire({
				port: bench.hubs[0]?.ports.leaf ?? 0,
				ca: bench.ca,
				credentials: bench.credentials("edge1"),
				name: "hostile",
			});
	});
	afterAll(() => bench?.close());

	describe.each([ON_DEVICE, ON_WIRE])("%s", (way) => {
		const attacks = ATTACKS.filter((attack) => way === ON_WIRE || !attack.wireOnly);
		const titled = attacks.map((attack) => ({
			attack,
			title: `${succeeds(attack) ? "can" : "cannot"} ${attack.name}`,
		}));
		it.each(titled)("$title", async ({ attack }) => {
			const attacker = await ways[way]?.();
			if (!attacker) throw new Error("no attacker");
			const succeeded = await attack.attempt(attacker, target).finally(() => attacker.close());
			expect(succeeded).toBe(succeeds(attack));
		});
	});
});

/** Streams, consumers and some messages, everything flowing: what there is to attack. */
async function fill(bench: Bench, edges: Record<string, Edge>): Promise<void> {
	await bench.api("hub", `STREAM.CREATE.${DOWNLINK}`, streamConfig(DOWNLINK, { subjects: ["down.*.commands.>"] }));
	for (const device of Object.keys(edges)) {
		const can = `${device}_can`;
		await bench.api(device, `STREAM.CREATE.${can}`, streamConfig(can, { subjects: [`${device}.can.>`] }));
		const up = sourcingConsumer("hub", `deliver.${device}.can`);
		await bench.api(device, `CONSUMER.CREATE.${can}.hub`, { stream_name: can, ...up });

		const filter = `down.${device}.commands.>`;
		const down = sourcingConsumer(device, `dl.${device}.commands`, filter);
		await bench.api("hub", `CONSUMER.CREATE.${DOWNLINK}.${device}.${filter}`, { stream_name: DOWNLINK, ...down });
		const commands = `${device}_commands`;
		const consumer = { name: device, deliver_subject: `dl.${device}.commands` };
		const source = { name: DOWNLINK, consumer, external: { api: DOWNLINK_API, deliver: "" } };
		await bench.api(device, `STREAM.CREATE.${commands}`, streamConfig(commands, { sources: [source] }));
	}
	const sources = Object.keys(edges).map((device) => ({
		name: `${device}_can`,
		consumer: { name: "hub", deliver_subject: `deliver.${device}.can` },
		external: { api: `$JS.${device}.API`, deliver: "" },
		subject_transforms: [{ src: "*.*.>", dest: `${device}.can.>` }],
	}));
	await bench.api("hub", `STREAM.CREATE.${STREAM}`, streamConfig(STREAM, { sources, duplicate_window: 0 }));
	const reader = { durable_name: READER, ack_policy: "explicit", deliver_policy: "all", ack_wait: 600_000_000_000 };
	await bench.api("hub", `CONSUMER.CREATE.${STREAM}.${READER}`, {
		stream_name: STREAM,
		config: { name: READER, ...reader },
	});

	const count = async (domain: string, stream: string) =>
		((await bench.api(domain, `STREAM.INFO.${stream}`)).state as { messages: number }).messages;
	for (const [device, { client }] of Object.entries(edges)) {
		for (let i = 0; i < 20; i++) await client.jetstream().publish(`${device}.can.x`, String(i));
		await bench.control.hub.request(`down.${device}.commands.x`, "go", { timeout: 3_000 });
		await eventually(async () => (await count(device, `${device}_commands`)) === 1, {
			what: `${device} got its command`,
		});
	}
	await eventually(async () => (await count("hub", STREAM)) === 40, { what: "the hub has all data" });
}
