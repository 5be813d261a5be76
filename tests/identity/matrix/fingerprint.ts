import type { Bench, Edge } from "../../support/bench";

/**
 * The state of a fleet that nobody but its owner may change, object by object: `hub/hub_can config`, `edge2/edge2_can
 * state`, `hub/hub_can/lake config`, … It is what the servers' monitoring tells, not their API, which is attacked.
 */
export type Fingerprint = Readonly<Record<string, string>>;

interface Consumer {
	readonly name: string;
	readonly config: { readonly metadata?: unknown; readonly deliver_subject?: string };
	readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
	readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
	readonly num_ack_pending: number;
	readonly num_pending: number;
	readonly paused?: boolean;
}

interface Stream {
	readonly name: string;
	readonly cluster?: { readonly leader?: string };
	readonly config: object;
	readonly state: { readonly messages: number; readonly first_seq: number; readonly last_seq: number };
	readonly consumer_detail?: readonly Consumer[];
}

interface Jsz {
	readonly account_details?: readonly { readonly stream_detail?: readonly Stream[] }[];
}

async function ask<T>(port: number | undefined, path: string): Promise<T> {
	const answer = await fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(20_000) });
	return (await answer.json()) as T;
}

/** Streams and consumers of one domain, as the leaders of its streams know them. */
async function domainState(name: string, monitors: readonly (number | undefined)[]): Promise<Record<string, string>> {
	const query = "jsz?accounts=true&streams=true&consumers=true&config=true&stream_leader_only=true&limit=1000";
	const told = await Promise.all(monitors.map((port) => ask<Jsz>(port, query)));
	const streams = told.flatMap(({ account_details = [] }) => account_details.flatMap((it) => it.stream_detail ?? []));
	return Object.fromEntries(
		streams.flatMap((stream) => [
			[`${name}/${stream.name} config`, canonical(stream.config)],
			[`${name}/${stream.name} state`, pick(stream.state, ["messages", "first_seq", "last_seq"])],
			...(stream.consumer_detail ?? []).flatMap((consumer) => [
				[`${name}/${stream.name}/${consumer.name} config`, canonical(consumer.config)],
				[`${name}/${stream.name}/${consumer.name} state`, consumerState(consumer)],
			]),
		]),
	);
}

function consumerState({ delivered, ack_floor, num_ack_pending, num_pending, paused = false }: Consumer): string {
	const sequences = { delivered: [delivered.consumer_seq, delivered.stream_seq], floor: ack_floor.stream_seq };
	return JSON.stringify({ ...sequences, num_ack_pending, num_pending, paused });
}

function pick<T extends object>(from: T, keys: readonly (keyof T)[]): string {
	return JSON.stringify(Object.fromEntries(keys.map((key) => [key, from[key]])));
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
	return JSON.stringify(value, (_, it) =>
		it !== null && typeof it === "object" && !Array.isArray(it)
			? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
			: it,
	);
}

/** Which connection each device has, and when the accounts were signed that the hub holds. */
async function hubState({ hubs }: Bench, devices: readonly string[]): Promise<Record<string, string>> {
	const monitors = hubs.map(({ ports }) => ports.monitor);
	const leaves = await Promise.all(
		monitors.map((port) => ask<{ leafs?: { name: string; id: number }[] | null }>(port, "leafz")),
	);
	const links = leaves.flatMap(({ leafs }, node) =>
		(leafs ?? []).map(({ name, id }) => [name, `${node}/${id}`] as const),
	);
	const known = new Map(links);
	const { accounts = [] } = await ask<{ accounts?: string[] }>(monitors[0], "accountz");
	const signed = await Promise.all(
		accounts.map(async (account) => {
			const { account_detail } = await ask<{
				account_detail?: { account_name: string; issuer_key?: string; jwt?: string };
			}>(monitors[0], `accountz?acc=${account}`);
			return [`account ${account}`, account_detail?.jwt ?? ""];
		}),
	);
	return {
		...Object.fromEntries(devices.map((device) => [`link ${device}`, known.get(device) ?? "none"])),
		...Object.fromEntries(signed.filter(([, jwt]) => jwt !== "")),
	};
}

/** The state of the hub, of its devices, of their links and of the accounts. */
export async function takeFingerprint(bench: Bench, edges: Readonly<Record<string, Edge>>): Promise<Fingerprint> {
	const parts = await Promise.all([
		domainState(
			"hub",
			bench.hubs.map(({ ports }) => ports.monitor),
		),
		hubState(bench, Object.keys(edges)),
		...Object.entries(edges).map(([name, { server }]) => domainState(name, [server.ports.monitor])),
	]);
	return Object.assign({}, ...parts) as Fingerprint;
}

/** What is different, as `<object>: <before> → <after>`, without what `own` says is the attacker's own. */
export function differences(before: Fingerprint, after: Fingerprint, own: readonly string[] = []): string[] {
	const objects = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
	return objects
		.filter((object) => before[object] !== after[object] && !own.some((prefix) => object.startsWith(prefix)))
		.map((object) => `${object}: ${before[object] ?? "was not there"} → ${after[object] ?? "is gone"}`);
}
