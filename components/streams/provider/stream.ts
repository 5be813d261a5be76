import type { ConsumerConfig, StreamConfig, StreamSource } from "../../../topology/jetstream";
import type { Api, Patience } from "./api";
import { compareConsumer, compareStream, type Difference, describe, same } from "./compare";
import { type Connection, readConnection, requireConnection } from "./connection";
import { type Control, control } from "./control";
import { type Reporter, reporter } from "./engine";
import { IncompleteError, UserError } from "./errors";
import type { Handler, Props } from "./handler";
import {
	deleteConsumer,
	deleteStream,
	listConsumers,
	putConsumer,
	putStream,
	type StreamInfo,
	streamInfo,
} from "./jetstream";
import { atStake, consumerRejectedByServer, type Lowered, loweredLimits, rejectedByServer } from "./rules";
import { limiter } from "./wait";

/** Properties of a hub stream, as they are stored in the state. */
export interface StreamProps {
	readonly connection: Connection;
	/** Where warnings are shown; no part of the stream. */
	readonly resourceUrn: string;
	/** `<project>/<stack>`, kept in the stream's metadata: whose stream it is. */
	readonly owner: string;
	readonly adopt: boolean;
	readonly allowDataLoss: boolean;
	/** Without sources. */
	readonly config: StreamConfig;
	/** By name of the sourced stream: a map, so that one more changes nothing else. */
	readonly sources: Readonly<Record<string, StreamSource>>;
	readonly consumers: Readonly<Record<string, ConsumerConfig>>;
}

export const OWNER = "leafline.owner";
const DOMAIN = "hub";
const LOOK_MS = 5_000;
const READ_MS = 60_000;
/** A server that is older than 2.15 was seen to take 14 minutes for one source of a big stream. */
const WRITE_MS = 20 * 60_000;
const WIDTH = 32;

let allowsLossToday: boolean | undefined;

export const stream: Handler = {
	configure(read) {
		const value = read("allowDataLoss");
		allowsLossToday = value === undefined ? undefined : value === "true";
	},

	async check(olds, news) {
		const next = props(news);
		if (!next.config?.name) return failed(news, "config.name is missing: a stream needs a name");
		const old = olds.config ? props(olds) : undefined;
		const reason = old && (await refusal(old, next));
		return reason ? failed(news, `${next.config.name}: ${reason}`) : { inputs: news };
	},

	async diff(_id, olds, news) {
		const [old, next] = [props(olds), props(news)];
		const fields = ["config", "sources", "consumers", "owner", "connection", "allowDataLoss"] as const;
		const changes = fields.some((field) => !same(old[field], next[field]));
		const replace = rejectedByServer(old.config, next.config).length > 0;
		return { changes, ...(replace ? { replaces: ["config"], deleteBeforeReplace: true } : {}) };
	},

	async create(inputs) {
		const wanted = props(inputs);
		const { api, say } = await open(wanted);
		const patience = patient(say, WRITE_MS);
		const existing = await streamInfo(api, wanted.config.name, patient(say, READ_MS));
		if (existing) mayTakeOver(wanted, existing);
		if (!existing || compareStream(full(wanted), existing.config).length > 0) {
			await putStream(api, full(wanted), existing, patience);
		}
		await settleConsumers(api, wanted, {}, patience);
		return { id: wanted.config.name, outs: inputs };
	},

	async read(id, stored) {
		const known = props(stored);
		const { api, say } = await open(known);
		const patience = patient(say, READ_MS);
		const info = await streamInfo(api, id, patience);
		if (!info) return { id: "", props: {} };
		const observed = { ...stored, ...observe(known, info), consumers: await observeConsumers(api, known, patience) };
		return { id, props: observed, inputs: observed };
	},

	async update(_id, olds, news) {
		const [old, wanted] = [props(olds), props(news)];
		const { api, say } = await open(wanted);
		const patience = patient(say, WRITE_MS);
		const existing = await streamInfo(api, wanted.config.name, patient(say, READ_MS));
		const differences = existing ? compareStream(full(wanted), existing.config) : undefined;
		if (existing && !wanted.allowDataLoss) {
			const lost = atStake(loweredLimits(existing.config as unknown as StreamConfig, full(wanted)), existing.state);
			if (lost.length > 0) throw new UserError(`${wanted.config.name}: ${losing(lost, existing)}`);
		}
		if (!differences || differences.length > 0) await putStream(api, full(wanted), existing, patience);
		await settleConsumers(api, wanted, old.consumers ?? {}, patience);
		return { outs: news };
	},

	async delete(id, stored) {
		const known = props(stored);
		const { api, say } = await open(known);
		const info = await streamInfo(api, id, patient(say, READ_MS));
		if (!info) return;
		if (info.state.messages > 0 && !(allowsLossToday ?? known.allowDataLoss)) {
			throw new UserError(
				`${id} holds ${count(info.state.messages, "message")}, and deleting it would lose them. ` +
					"To do that, `pulumi config set leafline:allowDataLoss true` and run again with PULUMI_RUN_PROGRAM=true; " +
					"to keep the stream and only forget it, `pulumi state delete` its URN.",
			);
		}
		await deleteStream(api, id, patient(say, READ_MS));
	},
};

function props(raw: Props): StreamProps {
	return raw as unknown as StreamProps;
}

/** The configuration as the server gets it. */
function full({ config, sources, owner }: StreamProps): StreamConfig {
	const list = Object.keys(sources ?? {})
		.sort()
		.flatMap((name) => sources[name] ?? []);
	return {
		...config,
		...(list.length > 0 ? { sources: list } : {}),
		metadata: { ...config.metadata, [OWNER]: owner },
	};
}

function failed(inputs: Props, reason: string) {
	// No property: the engine would print its value, and a value may be secret.
	return { inputs, failures: [{ property: "", reason }] };
}

/** Why this change must not happen, or undefined. Asks the hub only when messages may be at stake. */
async function refusal(old: StreamProps, next: StreamProps): Promise<string | undefined> {
	const consumers = Object.entries(next.consumers ?? {}).flatMap(([name, consumer]) => {
		const before = old.consumers?.[name];
		return before ? consumerRejectedByServer(before, consumer).map((reason) => `consumer ${name}: ${reason}`) : [];
	});
	if (consumers.length > 0 && !next.allowDataLoss) {
		return `${consumers.join("; ")}. Its position would be lost: declare a consumer with another name.`;
	}
	if (next.allowDataLoss) return undefined;
	const rejected = rejectedByServer(old.config, next.config);
	if (rejected.length > 0) {
		return (
			`the server rejects this change: ${rejected.join("; ")}. Declare another stream, ` +
			"or set leafline:allowDataLoss to true to delete this one with its messages and make it anew."
		);
	}
	const lowered = loweredLimits(old.config, next.config);
	if (lowered.length === 0) return undefined;
	const connection = readConnection(next.connection) ?? readConnection(old.connection);
	if (!connection) return undefined;
	return lookForLoss(connection, next.config.name, lowered);
}

async function lookForLoss(connection: Connection, name: string, lowered: Lowered[]): Promise<string | undefined> {
	try {
		const way = await control(connection, { timeoutMs: LOOK_MS });
		await way.ready(LOOK_MS);
		const info = await streamInfo(way.api(DOMAIN), name, { deadline: Date.now() + LOOK_MS, timeoutsMs: [2_000] });
		const lost = info ? atStake(lowered, info.state) : [];
		return info && lost.length > 0 ? losing(lost, info) : undefined;
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		const what = lowered.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
		return `lowering ${what} may delete messages, and whether it would cannot be told: ${why}`;
	}
}

function losing(lost: readonly Lowered[], { state }: StreamInfo): string {
	const what = lost.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
	const held = `${count(state.messages, "message")} of ${count(state.bytes, "byte")}`;
	return `lowering ${what} would delete some of the ${held} it holds. Set leafline:allowDataLoss to true to do that.`;
}

/** An existing stream is taken over when the user says so, or when it is what an interrupted create left behind. */
function mayTakeOver(wanted: StreamProps, existing: StreamInfo): void {
	const differences = compareStream(full(wanted), existing.config);
	if (differences.length === 0 || wanted.adopt) {
		const rejected = rejectedByServer(existing.config as unknown as StreamConfig, full(wanted));
		const lowered = loweredLimits(existing.config as unknown as StreamConfig, full(wanted));
		const lost = wanted.allowDataLoss ? [] : atStake(lowered, existing.state);
		if (rejected.length > 0) throw new UserError(`${wanted.config.name} cannot be adopted: ${rejected.join("; ")}`);
		if (lost.length > 0) throw new UserError(`${wanted.config.name} cannot be adopted: ${losing(lost, existing)}`);
		return;
	}
	throw new UserError(
		`a stream ${wanted.config.name} exists on the hub already and is not this stack's as it stands: ` +
			`${listed(differences)}. To take it over, add it to leafline:adopt; else delete or rename it.`,
	);
}

function listed(differences: readonly Difference[]): string {
	const shown = differences.slice(0, 5).map(describe);
	return differences.length > 5 ? `${shown.join(", ")} and ${differences.length - 5} more` : shown.join(", ");
}

/** What is stored, with those parts replaced that are different on the server. */
function observe(known: StreamProps, { config: found }: StreamInfo): Pick<Props, "config" | "sources" | "owner"> {
	const config: Props = { ...known.config };
	const sources: Props = { ...known.sources };
	let owner: unknown = known.owner;
	for (const { field, found: actual } of compareStream(full(known), found)) {
		const source = field.startsWith("sources.") ? field.slice("sources.".length) : undefined;
		if (field === "metadata") {
			const { [OWNER]: marked, ...rest } = (actual ?? {}) as Record<string, string>;
			owner = marked ?? "";
			if (Object.keys(rest).length > 0 || known.config.metadata) config.metadata = rest;
		} else if (source === undefined) {
			if (actual === undefined) delete config[field];
			else config[field] = actual;
		} else if (actual === undefined) delete sources[source];
		else sources[source] = actual;
	}
	return { config, sources, owner };
}

async function observeConsumers(api: Api, known: StreamProps, patience: Patience): Promise<Props> {
	const wanted = Object.entries(known.consumers ?? {});
	if (wanted.length === 0) return {};
	const found = await listConsumers(api, known.config.name, patience);
	const observed: Props = {};
	for (const [name, consumer] of wanted) {
		const actual = found?.get(name);
		if (!actual) continue;
		const changed = compareConsumer(consumer, actual.config).map(({ field, found: value }) => [field, value]);
		observed[name] = { ...consumer, ...Object.fromEntries(changed) };
	}
	return observed;
}

async function settleConsumers(
	api: Api,
	wanted: StreamProps,
	before: Readonly<Record<string, unknown>>,
	patience: Patience,
): Promise<void> {
	const { name } = wanted.config;
	const consumers = wanted.consumers ?? {};
	const removed = Object.keys(before).filter((consumer) => !consumers[consumer]);
	if (Object.keys(consumers).length === 0 && removed.length === 0) return;
	const found = await listConsumers(api, name, patience);
	const limited = limiter(WIDTH);
	const failures: string[] = [];
	const attempt = (consumer: string, act: () => Promise<void>) =>
		limited(act).catch((error: Error) => {
			failures.push(`consumer ${consumer}: ${error.message}`);
		});
	await Promise.all([
		...removed.map((consumer) => attempt(consumer, () => deleteConsumer(api, name, consumer, patience))),
		...Object.entries(consumers).map(([consumer, config]) =>
			attempt(consumer, () => settleConsumer(api, name, config, found?.get(consumer)?.config, patience)),
		),
	]);
	if (failures.length > 0) {
		const shown = `${name}: ${failures.slice(0, 5).join("; ")}`;
		throw new IncompleteError(shown, name, { ...wanted }, failures);
	}
}

async function settleConsumer(
	api: Api,
	stream: string,
	wanted: ConsumerConfig,
	found: Readonly<Record<string, unknown>> | undefined,
	patience: Patience,
): Promise<void> {
	if (found && compareConsumer(wanted, found).length === 0) return;
	await putConsumer(api, stream, wanted, patience);
}

async function open({ connection, resourceUrn }: StreamProps): Promise<{ api: Api; way: Control; say: Reporter }> {
	const say = reporter(resourceUrn);
	say.progress("reaching the hub");
	const way = await control(requireConnection(connection));
	await way.ready();
	return { api: way.api(DOMAIN), way, say };
}

function patient(say: Reporter, ms: number): Patience {
	const started = Date.now();
	return {
		deadline: started + ms,
		timeoutsMs: [5_000, 15_000, 60_000],
		waiting: (error) => say.progress(`waiting for ${Math.round((Date.now() - started) / 1000)} s: ${error.message}`),
	};
}

function count(number: number, noun: string): string {
	return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
