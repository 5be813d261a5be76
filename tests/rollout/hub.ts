import { gzipSync } from "node:zlib";
import { releasesToken } from "../../components/identity/credentials";
import { deviceSeed, deviceSigning } from "../../components/identity/keys";
import { openReleases, type Releases } from "../../device/releases/releases";
import { putStream } from "../../jetstream/put";
import { adminKeySubject } from "../../topology/rollout/names";
import { rolloutStreams } from "../../topology/rollout/streams";
import type { Bench } from "../support/bench";
import { makeSettings } from "../topology/fixtures";

/** The buckets of a rollout, as the stack makes them. */
export async function makeBuckets(bench: Bench, nodes: 1 | 3 = 1): Promise<void> {
	const settings = makeSettings({ rolloutBytes: 256 * 1024 ** 2 });
	for (const config of rolloutStreams({ ...settings, hub: { ...settings.hub, nodes } })) {
		await putStream(bench.control.api("hub"), config, undefined, {
			timeoutsMs: [5_000],
			deadline: Date.now() + 20_000,
		});
	}
}

/** What a device shows the hub to ask for releases. */
export function releasesAccess(bench: Bench, device: string) {
	const signing = deviceSigning(bench.keys);
	return {
		device,
		urls: bench.connection.urls,
		ca: bench.ca,
		token: releasesToken(signing, device) ?? "",
		seed: deviceSeed(signing.fleetSecret, device),
	};
}

export function openAs(bench: Bench, device: string): Promise<Releases> {
	return openReleases({ ...releasesAccess(bench, device), timeoutMs: 10_000 });
}

/** As the administrator. */
export async function put(bench: Bench, bucket: string, key: string, value: string | Uint8Array): Promise<void> {
	const answer = await bench.control.hub.request(adminKeySubject(bucket, key), value, { timeout: 5_000 });
	const { error } = answer.json<{ error?: unknown }>();
	if (error) throw new Error(JSON.stringify(error));
}

export const packed = (text: string) => gzipSync(Buffer.from(text));
