import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { listStreams } from "../../../jetstream/calls";
import type { Patience } from "../../../jetstream/patience";
import { some } from "../../../topology/format";
import type { StreamSource } from "../../../topology/jetstream";
import { downDelivery, HUB_DOMAIN } from "../../../topology/names";
import { type Backlogs, backlogs, deviceOf, removedSources } from "./backlog";
import { ownedBy, type StreamProps } from "./stream-props";

const LOOK_MS = 5_000;

/** By device, why it must not be let go yet, and what to do. */
export type HeldBack = Readonly<Record<string, string>>;

/**
 * Those of the devices which an update takes from one hub stream that hold what the hub does not have, in whatever class,
 * or of which nobody can tell. From such a device nothing is taken, and the others are none the worse for it.
 * @param old as the stream is
 */
export async function heldBack(
	way: Control,
	old: StreamProps,
	next: StreamProps,
	patience: Patience,
): Promise<HeldBack> {
	const removed = removedSources(old, next);
	const leaving = new Set([...removed.flatMap((source) => deviceOf(source) ?? []), ...removedReaders(old, next)]);
	if (next.allowDataLoss || leaving.size === 0) return {};
	const looks = [lookAt(way, old.config.name, removed)];
	for (const [name, info] of await listStreams(way.api(HUB_DOMAIN), patience)) {
		if (name === old.config.name || !ownedBy(info, next.owner)) continue;
		const sources = sourcesOf(info).filter((source) => leaving.has(deviceOf(source) ?? ""));
		if (sources.length > 0) looks.push(lookAt(way, name, sources));
	}
	return Object.assign({}, ...(await Promise.all(looks)));
}

/** As `heldBack()`, for the sources of one stream. */
export async function lookAt(way: Control, stream: string, sources: readonly StreamSource[]): Promise<HeldBack> {
	const found = await backlogs(way, stream, sources, LOOK_MS);
	const devices = new Set(sources.flatMap((source) => deviceOf(source) ?? []));
	return Object.fromEntries(
		[...devices].flatMap((device) => {
			const own = new Set(sources.flatMap((source) => (deviceOf(source) === device ? [source.name] : [])));
			const reason = reasonFor(found, own);
			return reason === undefined ? [] : [[device, `${stream}: ${reason}`]];
		}),
	);
}

/** The stream that is wanted, with all that it has of devices that are held back. @param existing on the server */
export function withHeld(
	wanted: StreamProps,
	old: StreamProps,
	held: HeldBack,
	existing: StreamInfo | undefined,
): StreamProps {
	if (Object.keys(held).length === 0) return wanted;
	const live = new Map((existing ? sourcesOf(existing) : []).map((source) => [source.name, source]));
	const sources = removedSources(old, wanted).filter((source) => held[deviceOf(source) ?? ""]);
	const readers = Object.entries(old.consumers ?? {}).filter(([name, { deliver_subject }]) => {
		return !wanted.consumers[name] && held[downDelivery(deliver_subject ?? "")?.device ?? ""];
	});
	return {
		...wanted,
		sources: {
			...wanted.sources,
			...Object.fromEntries(sources.map((source) => [source.name, live.get(source.name) ?? source])),
		},
		consumers: { ...wanted.consumers, ...Object.fromEntries(readers) },
	};
}

/** A stream that exists, as if it had been asked for. */
export function asFound(wanted: StreamProps, existing: StreamInfo): StreamProps {
	const sources = Object.fromEntries(sourcesOf(existing).map((source) => [source.name, source]));
	return { ...wanted, sources, consumers: {} };
}

/** Devices whose consumer on a downlink goes, without those that the fleet file gives up. */
function removedReaders(old: StreamProps, next: StreamProps): string[] {
	return Object.entries(old.consumers ?? {}).flatMap(([name, { deliver_subject }]) => {
		const device = next.consumers?.[name] ? undefined : downDelivery(deliver_subject ?? "")?.device;
		return device === undefined || next.lost?.includes(device) ? [] : [device];
	});
}

function sourcesOf({ config }: StreamInfo): readonly StreamSource[] {
	return (config.sources ?? []) as unknown as readonly StreamSource[];
}

function reasonFor({ held, missing, silent }: Backlogs, own: ReadonlySet<string>): string | undefined {
	const holds = held.filter(({ stream }) => own.has(stream));
	if (holds.length > 0) {
		const what = holds.map(
			({ stream, messages }) => `${stream} holds ${messages.toLocaleString("en")} message${messages === 1 ? "" : "s"}`,
		);
		return (
			`the hub does not have everything yet: ${some(what)}. ` +
			"Set the device to `retired: drain` until it has, or to `retired: lost` to give it up."
		);
	}
	const gone = missing.filter((stream) => own.has(stream));
	if (gone.length > 0) {
		return (
			`not on its device: ${some(gone)}, so nobody knows whether the hub has everything it held. Keep the device in the ` +
			"fleet file and run `pulumi up --refresh`, which makes the stream anew; or set the device to `retired: lost` to give " +
			"up what the stream held."
		);
	}
	const mute = silent.filter((stream) => own.has(stream));
	if (mute.length === 0) return undefined;
	return (
		`the device of ${some(mute)} does not answer, so nobody knows whether the hub has everything it holds. Keep it in the ` +
		"fleet file, `retired: drain`, until it was connected again and is drained; or set it to `retired: lost` to give up " +
		"what it still holds."
	);
}
