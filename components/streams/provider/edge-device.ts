import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { consumerInfo, deleteStream, listStreams, streamInfo } from "../../../jetstream/calls";
import { compareConsumer, compareStream, describe } from "../../../jetstream/compare";
import { ApiError, BadAnswer, JetStreamError, NoAnswer } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { type Positions, streamPositions } from "../../../jetstream/position";
import { putStream } from "../../../jetstream/put";
import { UserError } from "../../../system/user-error";
import { CUT_NOTE } from "../../../topology/cut-note";
import type { StreamConfig, StreamSource } from "../../../topology/jetstream";
import type { EdgeStream } from "../../../topology/model";
import { edgeStreamName, OWNER } from "../../../topology/names";
import { changedIdentities, describeChange } from "../../../topology/source-identity";
import { align, misplacedFor, settleSourcingConsumer } from "./align";
import { lossOf } from "./edge-lower";
import { BUSY_MS, connected, OFFLINE, patient, READ_BUSY_MS, silence } from "./edge-reach";
import { explainRefusal, makeRoom } from "./edge-room";
import { moveSubjects } from "./edge-subjects";
import { rejectedByServer } from "./rules";

export type DeviceResult =
	| { readonly outcome: "settled" }
	/** Cannot be done now; another attempt may succeed. */
	| { readonly outcome: "pending"; readonly reason: string }
	/** Refused, and will be again until something is changed. */
	| { readonly outcome: "failed"; readonly reason: string };

export interface DeviceOptions {
	readonly owner: string;
	readonly adopt: readonly string[];
	readonly allowDataLoss: boolean;
	/** Classes whose streams are deleted. */
	readonly removedClasses: readonly string[];
	/** API of the hub's domain. */
	readonly hub: Api;
	/** Where the hub is with the devices' streams. */
	readonly positions: Positions;
	/** How long a device may take to connect, as `Date.now()`: the same moment for all, or each would take its time. */
	readonly connectedBy: number;
}

/** Makes the streams of one device as asked. Never throws for what concerns this device only. */
export async function settleDevice(
	way: Control,
	device: string,
	streams: readonly EdgeStream[],
	options: DeviceOptions,
): Promise<DeviceResult> {
	if (!(await connected(way, device, options.connectedBy))) return { outcome: "pending", reason: OFFLINE };
	const api = way.api(device);
	const patience = patient(way, device, BUSY_MS);
	try {
		const mayChange = (wanted: StreamConfig, info: StreamInfo) => refuseForeign(wanted, info, options);
		const marked = streams.map((wanted) => withOwner(wanted, options.owner).stream);
		const live = await listStreams(api, patience);
		const mayLower = async (lowered: StreamConfig, info: StreamInfo) => {
			mayChange(lowered, info);
			const consumer = streams.find(({ stream }) => stream.name === lowered.name)?.consumer;
			const { allowDataLoss, positions } = options;
			return allowDataLoss || (await lossOf(api, lowered, info, { consumer, positions }, patience)) === undefined;
		};
		await makeRoom(api, live, marked, { owner: options.owner, mayLower }, patience);
		await moveSubjects(api, live, marked, { owner: options.owner, mayChange }, patience);
		// Before the others grow into the room that these had.
		await all(options.removedClasses.map((name) => deleteStream(api, edgeStreamName(device, name), patience)));
		await all(streams.map((wanted) => settleStream(api, withOwner(wanted, options.owner), options, patience)));
		return { outcome: "settled" };
	} catch (error) {
		if (error instanceof NoAnswer) return { outcome: "pending", reason: await silence(way, device) };
		if (error instanceof Deferred) return { outcome: "pending", reason: error.message };
		if (error instanceof ApiError) {
			const ours = streams.map(({ stream }) => stream.name);
			return { outcome: "failed", reason: await explainRefusal(error, api, ours) };
		}
		if (error instanceof BadAnswer || error instanceof UserError) return { outcome: "failed", reason: error.message };
		throw error;
	}
}

/** What on a device is not as asked; undefined if it cannot be reached, a text why its answers cannot be used. */
export async function readDevice(
	way: Control,
	device: string,
	streams: readonly EdgeStream[],
	options: Pick<DeviceOptions, "owner" | "hub" | "positions">,
): Promise<string[] | string | undefined> {
	if (!(await connected(way, device, Date.now()))) return undefined;
	const api = way.api(device);
	const patience = patient(way, device, READ_BUSY_MS);
	try {
		return (
			await all(streams.map((stream) => readStream(api, withOwner(stream, options.owner), options, patience)))
		).flat();
	} catch (error) {
		if (error instanceof NoAnswer) return undefined;
		if (error instanceof JetStreamError) return error.message;
		throw error;
	}
}

async function readStream(
	api: Api,
	{ stream, consumer }: Wanted,
	{ hub, positions }: Pick<DeviceOptions, "hub" | "positions">,
	patience: Patience,
): Promise<string[]> {
	const info = await streamInfo(api, stream.name, patience);
	if (!info) return [`${stream.name} is missing`];
	const drift = compareStream(stream, info.config).map((difference) => `${stream.name}: ${describe(difference)}`);
	for (const { name, consumer: reader } of stream.sources ?? []) {
		const own = streamPositions(api, stream.name, () => patience);
		const place = reader && (await misplacedFor(hub, name, reader.name, own, patience));
		if (place) drift.push(`${stream.name}, consumer ${reader.name} on the hub ${place}`);
	}
	if (!consumer) return drift;
	const label = `${stream.name}, consumer ${consumer.durable_name}`;
	const found = await consumerInfo(api, stream.name, consumer.durable_name, patience);
	if (!found) return [...drift, `${label} is missing`];
	drift.push(...compareConsumer(consumer, found.config).map((difference) => `${label}: ${describe(difference)}`));
	const place = await misplacedFor(api, stream.name, consumer.durable_name, positions, patience);
	return place === undefined ? drift : [...drift, `${label} ${place}`];
}

/** As `Promise.all`, but nothing is under way any more when it fails. */
async function all<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
	const results = await Promise.allSettled(tasks);
	const failed = results.find((result) => result.status === "rejected");
	if (failed) throw failed.reason;
	return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Not now: it would lose messages that the hub is still to get. */
class Deferred extends Error {}

type Wanted = Pick<EdgeStream, "stream" | "consumer">;

async function settleStream(
	api: Api,
	{ stream, consumer }: Wanted,
	options: DeviceOptions,
	patience: Patience,
): Promise<void> {
	let info = await streamInfo(api, stream.name, patience);
	if (info) {
		refuseForeign(stream, info, options);
		const rejected = rejectedByServer(info.config as unknown as StreamConfig, stream);
		if (rejected.length > 0) {
			if (!options.allowDataLoss)
				throw new UserError(`${stream.name}: the server rejects this change: ${rejected.join("; ")}`);
			await deleteStream(api, stream.name, patience);
			info = undefined;
		}
	}
	let loss: string | undefined;
	if (!info) await putStream(api, stream, undefined, patience);
	else if (compareStream(stream, info.config).length > 0) {
		if (!options.allowDataLoss) {
			refuseIdentity(stream, info);
			loss = await lossOf(api, stream, info, { consumer, positions: options.positions }, patience);
		}
		if (loss === undefined) await putStream(api, stream, info, patience);
	}
	// Also where the stream has to wait for it: what the hub is still to get comes through this consumer.
	if (consumer) await settleSourcingConsumer(api, stream.name, consumer, options.positions, patience);
	for (const { name, consumer: reader } of stream.sources ?? []) {
		const positions = streamPositions(api, stream.name, () => patience);
		if (reader) await align(options.hub, name, reader.name, positions, patience);
	}
	if (loss !== undefined) throw new Deferred(loss);
}

/** Streams that leafline made, or a device from its bundle, carry `leafline.` in their metadata. */
function refuseForeign(wanted: StreamConfig, { config }: StreamInfo, { adopt }: DeviceOptions): void {
	// The device program notes its cuts on any stream that has the name of a class.
	const ours = (key: string) => key.startsWith("leafline.") && key !== CUT_NOTE;
	if (Object.keys(config.metadata ?? {}).some(ours)) return;
	if (adopt.includes(wanted.name)) return;
	const differences = compareStream(wanted, config).filter(({ field }) => field !== "metadata");
	if (differences.length === 0) return;
	throw new UserError(
		`a stream ${wanted.name} exists already and was not made by leafline (${differences.map(describe).join(", ")}). ` +
			"To take it over, add it to leafline:adopt; else delete or rename it.",
	);
}

/** A device's stream that sources the hub's keeps its place in it only under the identity that it has. */
function refuseIdentity(wanted: StreamConfig, { config }: StreamInfo): void {
	const named = (sources: readonly StreamSource[]) =>
		Object.fromEntries(sources.map((source) => [source.name, source]));
	const changes = changedIdentities(named(config.sources ?? []), named(wanted.sources ?? []));
	if (changes.length === 0) return;
	throw new UserError(
		`${wanted.name}: ${changes.map(describeChange).join(", ")} of its source would give it everything again that it ` +
			"has. Declare a downlink with another name, or set leafline:allowDataLoss to true to have that.",
	);
}

function withOwner({ stream, consumer }: EdgeStream, owner: string): Wanted {
	const marked: StreamConfig = { ...stream, metadata: { ...stream.metadata, [OWNER]: owner } };
	return consumer ? { stream: marked, consumer } : { stream: marked };
}
