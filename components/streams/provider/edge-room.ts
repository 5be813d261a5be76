import { foreign } from "../../../config/printable";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { listStreams } from "../../../jetstream/calls";
import type { ApiError } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { putStream } from "../../../jetstream/put";
import { formatBytes } from "../../../topology/format";
import type { StreamConfig } from "../../../topology/jetstream";
import { ownedBy } from "./stream-props";

/** Over its `max_file` (`max_mem`), a server takes no change of a stream, not even the one that lowers its limit. */
const NO_STORAGE = 10047;
const NO_MEMORY = 10028;

const MIB = 1024 ** 2;

/** Most streams that a message names. */
const NAMED = 3;

/**
 * Gives room back before any of it is asked for. Streams reserve their `max_bytes` and share a device's buffer, so what a
 * new class gets is what the others let go: asked for first, the server refuses it (10047). A stream of this stack that no
 * class wants any more keeps room for what it holds and a MiB.
 * @param live every stream of the device
 * @param mayLower whether a stream loses nothing by it; one that would keeps its limit for now
 */
export async function makeRoom(
	api: Api,
	live: ReadonlyMap<string, StreamInfo>,
	wanted: readonly StreamConfig[],
	{ owner, mayLower }: { owner: string; mayLower: (lowered: StreamConfig, info: StreamInfo) => Promise<boolean> },
	patience: Patience,
): Promise<void> {
	const room = ({ name, max_bytes }: StreamConfig) => max_bytes - Number(live.get(name)?.config.max_bytes ?? 0);
	if (!wanted.some((stream) => room(stream) > 0)) return;
	for (const { name, max_bytes } of wanted.filter((stream) => room(stream) < 0)) {
		const info = live.get(name);
		if (!info) continue;
		const lowered = { ...(info.config as unknown as StreamConfig), max_bytes };
		if (await mayLower(lowered, info)) await putStream(api, lowered, info, patience);
	}
	const names = new Set(wanted.map(({ name }) => name));
	for (const info of [...live.values()].filter((each) => ownedBy(each, owner))) {
		const config = info.config as unknown as StreamConfig;
		const max_bytes = (Math.ceil(info.state.bytes / MIB) + 1) * MIB;
		if (names.has(config.name) || config.max_bytes <= max_bytes) continue;
		await putStream(api, { ...config, max_bytes }, info, patience);
	}
}

/**
 * What a device's refusal means. Streams reserve room by their `max_bytes`, those of the device's own programs as well,
 * so where there is too little, it says who has it.
 * @param ours names of the streams that leafline makes there
 */
export async function explainRefusal(error: ApiError, api: Api, ours: readonly string[]): Promise<string> {
	const limit = LIMITS[error.errCode];
	if (limit === undefined) return error.message;
	const { setting, storage, field } = limit;
	const short = `${error.message}: ${setting} of its server is below what its streams reserve or are to reserve`;
	const others = (await reserved(api, storage)).filter(({ name }) => !ours.includes(name));
	if (others.length === 0) return `${short}; raise it, then run again`;
	const total = others.reduce((sum, { bytes }) => sum + bytes, 0);
	const shown = others.slice(0, NAMED).map(({ name, bytes }) => `${foreign(name, 100)} ${formatBytes(bytes)}`);
	const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : "";
	return (
		`${short}. Streams of its own programs reserve ${formatBytes(total)} (${shown.join(", ")}${more}): lower their ` +
		`max_bytes, or keep room for them (hardware.<name>.${field}), then run again`
	);
}

const LIMITS: Readonly<
	Record<number, { readonly setting: string; readonly storage: string; readonly field: string } | undefined>
> = {
	[NO_STORAGE]: { setting: "max_file", storage: "file", field: "programs" },
	[NO_MEMORY]: { setting: "max_mem", storage: "memory", field: "memory" },
};

/** Streams of a device that reserve room, largest first; empty where it does not say. */
async function reserved(api: Api, storage: string): Promise<{ name: string; bytes: number }[]> {
	try {
		const streams = await listStreams(api, { deadline: Date.now() + 5_000, timeoutsMs: [5_000] });
		return [...streams.values()]
			.filter(({ config }) => config.storage === storage)
			.map(({ config }) => ({ name: config.name, bytes: config.max_bytes }))
			.filter(({ bytes }) => bytes > 0)
			.sort((a, b) => b.bytes - a.bytes);
	} catch {
		return [];
	}
}
