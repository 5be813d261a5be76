import { connect, jwtAuthenticator, type NatsConnection, nkeyAuthenticator } from "nats";
import { accountClaims, accountJwts } from "../../../components/identity/accounts";
import { accountSeeds, deviceProgramSeed } from "../../../components/identity/keys";
import { pushAccount } from "../../../components/identity/push";
import { expandEdge } from "../../../topology/edge";
import type { ConsumerConfig, StreamConfig } from "../../../topology/jetstream";
import type { Topology } from "../../../topology/model";
import { ADMIN_API, DOWNLINK_API, type Role } from "../../../topology/permissions";
import { type Bench, type Edge, startBench, unlimitedUser, withoutIsolation } from "../../support/bench";
import { eventually } from "../../support/eventually";
import { officialServer } from "../../support/official-server";
import { makeStreams } from "../../support/rig";
import { differences, type Fingerprint, takeFingerprint } from "./fingerprint";
import { DOWN_STREAM, fleetTopology, HUB_STREAM, READER, THIEF, VICTIM } from "./fleet";
import { clientMouth, type Heard, type Mouth } from "./mouths";

/** May do anything that the account it is in lets it do. */
export const ANYTHING: Role = { publish: [">"], subscribe: [">"], connections: ["LEAFNODE"] };

/**
 * `up`: what a user of the fleet file gets. `down`: every protection taken out: roles without limits, one account for all,
 * a server without our change, streams that deny nothing. What fails there as well was no attack.
 */
export type Walls = "up" | "down";

export interface StageOptions {
	readonly walls: Walls;
	readonly nodes: 1 | 3;
	/** A hub without leafline's change to nats-server, and everything else as it is. @default false */
	readonly officialServer?: boolean;
}

/** A fleet that is attacked, and what is seen of it. */
export interface Stage {
	readonly walls: Walls;
	readonly nodes: 1 | 3;
	readonly bench: Bench;
	readonly edges: Readonly<Record<string, Edge>>;
	/** Somebody in the hub's account of streams whom nothing limits. */
	readonly insider: NatsConnection;
	/** What others than the attacker were told: another device's programs, administrators, the hub. */
	readonly told: Readonly<Record<string, Mouth>>;
	fingerprint(): Promise<Fingerprint>;
	/** Makes whole what an attack destroyed, so that the next one finds something; the state is another one afterwards. */
	restore(): Promise<void>;
	/** Everything that happens in a fleet, once: data, a command, a look at a device. */
	traffic(): Promise<void>;
	close(): Promise<void>;
}

interface Made {
	readonly config: StreamConfig;
	readonly consumers: Readonly<Record<string, ConsumerConfig>>;
}

/** What a message holds that only its receivers may see. */
export const SECRET = "secret of the fleet";
/** What every forged message holds that can hold something. */
export const FORGED = "forged";

export async function startStage({ walls, nodes, officialServer: official = false }: StageOptions): Promise<Stage> {
	const topology = fleetTopology(nodes);
	const open = walls === "down";
	const as = open || official ? { program: await officialServer() } : {};
	const bench = await startBench({
		topology,
		...as,
		...(open && { rules: { role: ANYTHING, shares: [] }, oneAccount: true, conf: withoutIsolation }),
	});
	const clients: NatsConnection[] = [];
	const close = async () => {
		await Promise.all(clients.map((client) => client.close()));
		await bench.close();
	};
	try {
		const edges = { [THIEF]: await bench.startEdge(THIEF, as), [VICTIM]: await bench.startEdge(VICTIM, as) };
		const insider = await member(bench, "insider", bench.keys.hub);
		clients.push(insider);
		if (open) await openDownlinkApi(bench);
		const made = wanted(topology, open);
		if (open) for (const [where, what] of Object.entries(made)) await make(bench, insider, where, what);
		else await makeStreams(topology, bench);
		const tap = await deviceProgram(bench, VICTIM, edges[VICTIM]?.server.ports.client);
		clients.push(tap);
		const told = {
			[VICTIM]: await clientMouth(tap, [`${VICTIM}.can.>`, `dl.${VICTIM}.>`, `$JS.FC.${VICTIM}.>`, "$JSC.R.>"]),
			administrators: await clientMouth(bench.control.hub, ["_INBOX.forged.>"]),
			hub: await clientMouth(insider, [`$JS.FC.${DOWN_STREAM}.>`]),
		};
		const stage: Stage = {
			walls,
			nodes,
			bench,
			edges,
			insider,
			told,
			fingerprint: () => quietFingerprint(bench, edges),
			restore: () => restore(stage, made),
			traffic: () => traffic(stage),
			close,
		};
		await stage.restore();
		return stage;
	} catch (error) {
		await close();
		throw error;
	}
}

/** Where there is one account for all, nothing stands behind the name of the hub's API for devices: all of it then. */
async function openDownlinkApi(bench: Bench): Promise<void> {
	const { keys, control, hubs } = bench;
	const { devices, ...others } = accountClaims(keys, { role: ANYTHING, shares: [] });
	const to = [{ subject: "$JS.API.>" }];
	const mappings = Object.fromEntries([DOWNLINK_API, ADMIN_API].map((prefix) => [`${prefix}.>`, to]));
	const hub = { ...others.hub, signing_keys: devices.signing_keys ?? [], mappings };
	const jwts = accountJwts(accountSeeds(keys), { ...others, devices, hub }, Math.floor(Date.now() / 1000) + 60);
	await pushAccount(control.system, jwts.hub, hubs.length);
	await control.ready();
}

/** A client at the hub's own port, of an account given by its seed, whom nothing limits. */
export async function member(bench: Bench, name: string, account: string, node = 0): Promise<NatsConnection> {
	const { token, seed } = unlimitedUser(bench.keys, name, account);
	return connect({
		servers: `nats://127.0.0.1:${bench.hubs[node]?.ports.client}`,
		authenticator: jwtAuthenticator(token, new TextEncoder().encode(seed)),
		maxReconnectAttempts: -1,
	});
}

/** A client at a device's server whom nothing limits there: the device program. */
export function deviceProgram(bench: Bench, device: string, port: number | undefined): Promise<NatsConnection> {
	const seed = new TextEncoder().encode(deviceProgramSeed(bench.keys.fleetSecret, device));
	return connect({ servers: `nats://127.0.0.1:${port}`, authenticator: nkeyAuthenticator(seed) });
}

/** Every stream with its consumers, by `<domain>/<stream>`, in the order in which they are made. */
function wanted(topology: Topology, open: boolean): Record<string, Made> {
	const hub = (direction: "uplink" | "downlink") =>
		Object.entries(topology.hubStreams)
			.filter(([, stream]) => stream.direction === direction)
			.map(([name, { config, consumers }]): [string, Made] => [
				`hub/${name}`,
				{ config: open && name === HUB_STREAM ? unprotected(config) : config, consumers },
			]);
	const edges = Object.values(topology.edgeGroups).flatMap((group) =>
		Object.keys(group.devices).flatMap((device) =>
			expandEdge(group, device).map(({ stream, consumer }): [string, Made] => [
				`${device}/${stream.name}`,
				{
					config: stream,
					consumers: consumer ? { [consumer.durable_name]: consumer } : {},
				},
			]),
		),
	);
	return Object.fromEntries([...hub("downlink"), ...edges, ...hub("uplink")]);
}

/**
 * The hub's stream without what protects it. It sources nothing: whoever makes it anew after each attack would wait for
 * its sources, which ask again later and later.
 */
function unprotected(config: StreamConfig): StreamConfig {
	const { sources, subject_transform, ...rest } = config;
	const { deny_purge, deny_delete, ...bare } = rest as StreamConfig & { deny_purge?: boolean; deny_delete?: boolean };
	return { ...bare, subjects: ["seed.can.>"], allow_direct: true };
}

async function ask(stage: Pick<Stage, "bench" | "insider">, domain: string, endpoint: string, body?: unknown) {
	if (domain !== "hub") return stage.bench.api(domain, endpoint, body);
	const answer = await stage.insider.request(`$JS.API.${endpoint}`, body === undefined ? "" : JSON.stringify(body), {
		timeout: 10_000,
	});
	const { error, ...rest } = answer.json<{ error?: unknown }>();
	if (error) throw new Error(`${endpoint}: ${JSON.stringify(error)}`);
	return rest as Record<string, unknown>;
}

async function make(bench: Bench, insider: NatsConnection, where: string, { config, consumers }: Made): Promise<void> {
	const [domain = "", stream = ""] = where.split("/");
	await ask({ bench, insider }, domain, `STREAM.CREATE.${stream}`, config);
	for (const [name, consumer] of Object.entries(consumers)) {
		const filter = consumer.filter_subject === undefined ? "" : `.${consumer.filter_subject}`;
		const body = { stream_name: stream, config: { name, ...consumer } };
		await ask({ bench, insider }, domain, `CONSUMER.CREATE.${stream}.${name}${filter}`, body);
	}
}

/** Messages that each stream holds at least, so that there is something to destroy. */
const ENOUGH = 3;

async function restore(stage: Stage, made: Readonly<Record<string, Made>>): Promise<void> {
	const { bench, insider, edges, walls } = stage;
	const now = await takeFingerprint(bench, edges);
	for (const object of Object.keys(now)) {
		const [, domain = "", stream = "", consumer] = /^([a-z0-9]+)\/([^/ ]+)(?:\/([^/ ]+))? config$/.exec(object) ?? [];
		const known = made[`${domain}/${stream}`];
		if (domain === "" || (known && (consumer === undefined || known.consumers[consumer]))) continue;
		const what = consumer === undefined ? `STREAM.DELETE.${stream}` : `CONSUMER.DELETE.${stream}.${consumer}`;
		await ask(stage, domain, what).catch(() => {});
	}
	for (const [where, what] of Object.entries(made)) {
		const whole =
			now[`${where} config`] === stageConfigs.get(stage)?.[`${where} config`] &&
			Object.keys(what.consumers).every(
				(name) => now[`${where}/${name} config`] === stageConfigs.get(stage)?.[`${where}/${name} config`],
			);
		if (whole || !stageConfigs.has(stage)) continue;
		const [domain = "", stream = ""] = where.split("/");
		await ask(stage, domain, `STREAM.DELETE.${stream}`).catch(() => {});
		await make(bench, insider, where, what);
	}
	await fill(stage, await takeFingerprint(bench, edges));
	// Where nothing is protected, some streams are sourced by nobody, and it says what an effect must look like.
	if (walls === "up") {
		await eventually(async () => Object.entries(await takeFingerprint(bench, edges)).every(isAcknowledged), {
			what: "everything is acknowledged",
			within: 90_000,
		});
	}
	if (!stageConfigs.has(stage)) stageConfigs.set(stage, await quietFingerprint(bench, edges));
}

/** Of a consumer that sources: that what it sent has been acknowledged. A reader's is told apart by what it does. */
function isAcknowledged([object, text]: [string, string]): boolean {
	if (!/\/.* state$/.test(object) || object.startsWith(`hub/${HUB_STREAM}/${READER} `)) return true;
	return ((JSON.parse(text) as { num_ack_pending?: number }).num_ack_pending ?? 0) === 0;
}

const stageConfigs = new WeakMap<Stage, Fingerprint>();

async function fill(stage: Stage, now: Fingerprint): Promise<void> {
	const { insider, edges, walls } = stage;
	const messages = (print: Fingerprint, where: string) =>
		(JSON.parse(print[`${where} state`] ?? "{}") as { messages?: number }).messages ?? 0;
	const lacking = (where: string) => messages(now, where) < ENOUGH;
	for (const [device, { client }] of Object.entries(edges)) {
		const lacks = lacking(`${device}/${device}_can`) || (walls === "up" && lacking(`hub/${HUB_STREAM}`));
		for (let i = 0; lacks && i < 2 * ENOUGH; i++) await published(client, "vehicle.x");
	}
	for (let i = 0; walls === "down" && lacking(`hub/${HUB_STREAM}`) && i < 2 * ENOUGH; i++)
		await insider.request("seed.can.x", SECRET, { timeout: 10_000 });
	for (let i = 0; lacking(`hub/${DOWN_STREAM}`) && i < ENOUGH; i++)
		for (const device of [THIEF, VICTIM])
			await insider.request(`down.${device}.commands.x`, SECRET, { timeout: 10_000 });
	await eventually(
		async () => {
			const print = await takeFingerprint(stage.bench, edges);
			return [`hub/${HUB_STREAM}`, `hub/${DOWN_STREAM}`, `${VICTIM}/${VICTIM}_can`].every(
				(where) => messages(print, where) >= ENOUGH,
			);
		},
		{ what: "there is something to destroy", within: 90_000 },
	);
	await reading(stage, now);
}

/** The reader holds a message that it has not acknowledged. */
async function reading(stage: Stage, now: Fingerprint): Promise<void> {
	const state = JSON.parse(now[`hub/${HUB_STREAM}/${READER} state`] ?? "{}") as { num_ack_pending?: number };
	// Where attempts succeed, the one that it holds may be another than the last.
	if (stage.walls === "up" && (state.num_ack_pending ?? 0) > 0) return;
	if (stage.walls === "down") await stage.insider.request("seed.can.x", SECRET, { timeout: 10_000 });
	else await published(stage.edges[VICTIM]?.client as NatsConnection, "vehicle.x");
	const next = `$JS.API.CONSUMER.MSG.NEXT.${HUB_STREAM}.${READER}`;
	const ask = { timeout: 10_000, noMux: true, reply: `_R.${Date.now()}` };
	// One that is not answered must not wait, and take what the next one asks for.
	await stage.insider.request(next, JSON.stringify({ batch: 1, expires: 5_000_000_000 }), ask);
}

function published(client: NatsConnection, subject: string): Promise<unknown> {
	return client.jetstream().publish(subject, SECRET, { timeout: 10_000 });
}

async function traffic({ bench, edges, insider }: Stage): Promise<void> {
	await published(edges[VICTIM]?.client as NatsConnection, "vehicle.x");
	await insider.request(`down.${VICTIM}.commands.x`, SECRET, { timeout: 10_000 });
	await bench.api(VICTIM, "INFO");
}

/** The fingerprint once nothing moves any more. */
async function quietFingerprint(bench: Bench, edges: Readonly<Record<string, Edge>>): Promise<Fingerprint> {
	let last = await takeFingerprint(bench, edges);
	return eventually(
		async () => {
			await new Promise((resolve) => setTimeout(resolve, 20));
			const now = await takeFingerprint(bench, edges);
			const still = differences(last, now).length === 0;
			last = now;
			return still ? now : undefined;
		},
		{ what: "the fleet is quiet", within: 60_000 },
	);
}

export function forgedIn(heard: readonly Heard[]): Heard[] {
	return heard.filter(({ body }) => body.includes(FORGED));
}
