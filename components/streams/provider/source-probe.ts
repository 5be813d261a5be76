import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { streamInfo } from "../../../jetstream/calls";
import type { Patience } from "../../../jetstream/patience";
import { putStream } from "../../../jetstream/put";
import type { StreamConfig, StreamSource } from "../../../topology/jetstream";

/** Nobody listens there, and nothing is sent there. */
const NOWHERE = "leafline.probe";

/** Sources without those that an interrupted search left behind. */
export function withoutProbes(sources: readonly StreamSource[]): StreamSource[] {
	return sources.filter(({ external }) => external?.deliver !== NOWHERE);
}

/**
 * Of ordinary sources that are to be added, those of which the server finds messages that it once took in the same way,
 * with the last sequence of each. Its own search decides, so it is asked: the sources are added for a moment, with a
 * place to deliver to that does not exist, and taken away before the server asks the devices for anything.
 */
export async function staleSources(
	api: Api,
	existing: StreamInfo,
	wanted: readonly StreamSource[],
	patience: Patience,
): Promise<ReadonlyMap<string, number>> {
	const ordinary = wanted.filter(({ consumer }) => !consumer);
	if (ordinary.length === 0) return new Map();
	const config = existing.config as unknown as StreamConfig;
	const probes = ordinary.map((source) => ({
		...source,
		external: { api: source.external?.api ?? "", deliver: NOWHERE },
	}));
	await putStream(api, { ...config, sources: [...(config.sources ?? []), ...probes] }, existing, patience);
	const probed = await streamInfo(api, config.name, patience);
	await putStream(api, config, existing, patience);
	const found = (probed?.sources ?? []).filter(({ external }) => external?.deliver === NOWHERE);
	return new Map(found.flatMap(({ name, seq }) => (seq ? [[name, seq] as const] : [])));
}
