import type { Connection } from "../../../control/connection";
import type { Control } from "../../../control/control";
import { same } from "../../../jetstream/compare";
import type { Patience } from "../../../jetstream/patience";
import { hubPositions } from "../../../jetstream/position";
import { limiter } from "../../../system/wait";
import { expandEdge } from "../../../topology/edge";
import { some } from "../../../topology/format";
import type { EdgeClass, EdgeDevice, EdgeGroup } from "../../../topology/model";
import { HUB_DOMAIN } from "../../../topology/names";
import { type DeviceResult, readDevice, settleDevice } from "./edge-device";
import { GRACE_MS } from "./edge-reach";
import { counted, grouped, reports } from "./edge-reports";
import { type Reporter, reporter } from "./engine";
import type { Handler, Props } from "./handler";
import { reach } from "./reach";
import { requireConnection } from "./read-connection";

/** Properties of the edge streams of one group of devices, as they are stored in the state. */
export interface EdgeStreamsProps {
	readonly connection: Connection;
	/** Where warnings are shown; no part of the streams. */
	readonly resourceUrn: string;
	/** `<project>/<stack>`, kept in the streams' metadata. */
	readonly owner: string;
	/** Key of the group in `topology.edgeGroups`. */
	readonly key: string;
	/** Names of streams that exist already and are taken over. */
	readonly adopt: readonly string[];
	readonly allowDataLoss: boolean;
	/** Pending devices are no change. */
	readonly ignorePending: boolean;
	readonly group: string;
	readonly classes: Readonly<Record<string, EdgeClass>>;
	/** In a state that a refresh wrote, a device carries what is different on it (`drift`). */
	readonly devices: Readonly<Record<string, EdgeDevice & { readonly drift?: readonly string[] }>>;
	/** Output: devices that are not yet as asked, and why. */
	readonly pending?: Readonly<Record<string, string>>;
	/** Output: those of them that refused, or answered what no server answers. */
	readonly failed?: Readonly<Record<string, string>>;
}

const HUB_MS = 60_000;

export const edgeStreams: Handler = {
	async check(olds, news) {
		const next = props(news);
		const old = olds.classes ? props(olds) : undefined;
		if (!next.key) return { inputs: news, failures: [{ property: "", reason: "key is missing" }] };
		const reasons = old && !next.allowDataLoss ? refusals(old, next) : [];
		return { inputs: news, failures: reasons.map((reason) => ({ property: "", reason })) };
	},

	async diff(_id, olds, news) {
		const [old, next] = [props(olds), props(news)];
		const fields = ["classes", "devices", "group", "owner", "connection", "allowDataLoss"] as const;
		const waiting = Object.keys(old.pending ?? {}).filter((device) => next.devices[device]);
		const retry = waiting.length > 0 && !next.ignorePending;
		if (retry) {
			const say = reporter(next.resourceUrn);
			say.info(`${counted(waiting.length)} pending and tried again: ${some(waiting)}`);
			await say.flush();
		}
		return { changes: retry || fields.some((field) => !same(old[field], next[field])) };
	},

	async create(inputs) {
		const wanted = props(inputs);
		return { id: wanted.key, outs: await settle(wanted, undefined) };
	},

	async update(_id, olds, news) {
		return { outs: await settle(props(news), props(olds)) };
	},

	async read(id, stored) {
		const known = props(stored);
		const { way, say } = await open(known);
		const limited = limiter();
		const positions = hubPositions(way.api(HUB_DOMAIN), hubPatience);
		const devices: Record<string, unknown> = {};
		const unread: string[] = [];
		const unusable: Record<string, string> = {};
		await Promise.all(
			Object.entries(known.devices).map(([device, settings]) =>
				limited(async () => {
					const { drift: before, ...plain } = settings;
					const look = { owner: known.owner, hub: way.api(HUB_DOMAIN), positions };
					const drift = known.pending?.[device] ? [] : await readDevice(way, device, expanded(known, device), look);
					if (drift === undefined) unread.push(device);
					if (typeof drift === "string") unusable[device] = drift;
					const kept = (typeof drift === "string" ? undefined : drift) ?? before ?? [];
					devices[device] = kept.length > 0 ? { ...plain, drift: kept } : plain;
				}),
			),
		);
		if (unread.length > 0) say.info(`${counted(unread.length)} offline, last known state kept: ${some(unread)}`);
		for (const text of grouped(unusable)) say.warn(`${text}; last known state kept`);
		await say.flush();
		const inOrder = Object.fromEntries(Object.keys(known.devices).map((device) => [device, devices[device]]));
		const outs: Props = { ...stored, devices: inOrder };
		const { pending: _, failed: __, ...inputs } = outs;
		return { id, props: outs, inputs };
	},

	async delete(_id, stored) {
		// Streams on devices belong to the devices, with what the hub has not got yet.
		const { devices, resourceUrn } = props(stored);
		const say = reporter(resourceUrn);
		say.info(`the streams on ${counted(Object.keys(devices).length)} stay where they are`);
		await say.flush();
	},
};

function props(raw: Props): EdgeStreamsProps {
	return raw as unknown as EdgeStreamsProps;
}

function expanded({ group, classes, devices }: EdgeStreamsProps, device: string) {
	const edgeGroup: EdgeGroup = { group, classes, devices };
	return expandEdge(edgeGroup, device);
}

/** Changes that no device's server takes in place. */
function refusals(old: EdgeStreamsProps, next: EdgeStreamsProps): string[] {
	return Object.entries(next.classes).flatMap(([name, { storage }]) => {
		const before = old.classes[name]?.storage;
		if (before === undefined || before === storage) return [];
		return [
			`class ${name}: the server rejects a change of storage from ${before} to ${storage}. Declare a class with ` +
				"another name, or set leafline:allowDataLoss to true to delete the streams with their messages and make them anew.",
		];
	});
}

async function settle(wanted: EdgeStreamsProps, old: EdgeStreamsProps | undefined): Promise<Props> {
	const { way, say } = await open(wanted);
	const names = Object.keys(wanted.devices);
	const removedClasses = Object.keys(old?.classes ?? {}).filter((name) => !wanted.classes[name]);
	const limited = limiter();
	const pending: Record<string, string> = {};
	const failed: Record<string, string> = {};
	const connectedBy = Date.now() + GRACE_MS;
	const positions = hubPositions(way.api(HUB_DOMAIN), hubPatience);
	let finished = 0;
	const settleOne = async (device: string) => {
		const result: DeviceResult = await settleDevice(way, device, expanded(wanted, device), {
			owner: wanted.owner,
			adopt: wanted.adopt,
			allowDataLoss: wanted.allowDataLoss,
			connectedBy,
			hub: way.api(HUB_DOMAIN),
			positions,
			removedClasses: wanted.allowDataLoss ? removedClasses : [],
		});
		finished++;
		say.progress(`${finished} of ${names.length} devices`);
		if (result.outcome === "settled") return;
		pending[device] = result.reason;
		if (result.outcome === "failed") failed[device] = result.reason;
	};
	await Promise.all(names.map((device) => limited(() => settleOne(device))));
	say.progress(`${names.length - Object.keys(pending).length} of ${names.length} devices`, "last");
	const told = reports(wanted, old, pending);
	for (const text of told.warnings) say.warn(text);
	for (const text of told.infos) say.info(text);
	await say.flush();
	return { ...wanted, pending: sorted(pending), ...(Object.keys(failed).length > 0 && { failed: sorted(failed) }) };
}

function sorted(reasons: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hubPatience(): Patience {
	return { deadline: Date.now() + HUB_MS, timeoutsMs: [2_000, 5_000, 15_000] };
}

async function open({ connection, resourceUrn }: EdgeStreamsProps): Promise<{ way: Control; say: Reporter }> {
	const say = reporter(resourceUrn);
	return { way: await reach(requireConnection(connection), say), say };
}
