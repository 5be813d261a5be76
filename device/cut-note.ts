import type { StreamInfo } from "../jetstream/answers";
import { CUT_NOTE, type Cut, writeCut } from "../topology/cut-note";
import { mostTaken, type PowerCutLoss } from "../topology/power-cut";
import { ANSWER_MS, type Ask, streamInfo } from "./ask";
import type { DeviceSpec } from "./spec";

/** Writes into a stream's metadata that its server's last end was not clean. */
export async function noteCut({ api }: Ask, stream: string, cut: Cut): Promise<void> {
	const info = await streamInfo(api, stream);
	if (!info) return;
	const { config } = info;
	const metadata = { ...config.metadata, [CUT_NOTE]: writeCut(cut) };
	await api.ask<StreamInfo>(`STREAM.UPDATE.${stream}`, { ...config, metadata }, ANSWER_MS);
}

/** When a stream got its newest message; undefined of one without any. */
export function newest({ state }: StreamInfo): number | undefined {
	const at = Date.parse(state.last_ts ?? "");
	return state.messages > 0 && at > 0 ? at : undefined;
}

/** For the device's journal. */
export function cutLine({ device, streams }: Pick<DeviceSpec, "device" | "streams">): string | undefined {
	const known = streams.flatMap(({ name, powerCut }): [string, PowerCutLoss][] => (powerCut ? [[name, powerCut]] : []));
	if (known.length === 0) return undefined;
	return `${device}: if it was a power cut, that took ${mostTaken(Object.fromEntries(known))}`;
}
