import type { StackOutputs } from "../../contract/outputs";
import { acknowledged, needsRoom, purge, storedIn } from "../../device/trim";
import type { StreamInfo } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import { toldPosition } from "../../jetstream/position";
import { sleep } from "../../system/wait";
import { deviceDomain, edgeStreamName, HUB_DOMAIN } from "../../topology/names";
import { trimBefore, UNKNOWN_SYNC_MS } from "../../topology/trim";
import { messageOf } from "../errors";
import { type Hub, openHub } from "../fleet/hub";
import { count, plural } from "../format";

/** A device on a slow link that is catching up answers late; one that is away is not waited for longer than this. */
const ANSWER_MS = 20_000;

/**
 * Makes room once in the streams of every connected device, through the hub: for fleets whose devices do not do it
 * themselves. Only messages that the hub has on its disk are purged.
 * @returns exit code: 1 when a connected device did not answer
 */
export async function trim(outputs: StackOutputs, say: (line: string) => void): Promise<number> {
	const hub = await openHub(outputs);
	try {
		const {
			classes,
			devices,
			hub: { syncMs = UNKNOWN_SYNC_MS },
		} = outputs.leafline;
		const refusing = Object.keys(classes).filter(
			(name) => classes[name]?.direction === "uplink" && classes[name]?.whenFull === "refuse",
		);
		const connected = (await hub.connected()) ?? Object.keys(devices);
		const here = Object.keys(devices).filter((device) => connected.includes(device));
		const failed = await Promise.all(
			here.map(async (device) => {
				const api = hub.api(deviceDomain(device));
				try {
					for (const name of refusing) {
						const stream = edgeStreamName(device, name);
						const hubStream = devices[device]?.hubStreams[name];
						const purged = hubStream === undefined ? 0 : await trimOne({ api, hub, hubStream, stream, syncMs });
						if (purged > 0) say(`${stream}: ${plural(purged, "message")} that the hub has made room`);
					}
					return false;
				} catch (error) {
					say(`${device}: ${messageOf(error)}`);
					return true;
				}
			}),
		);
		say(`${count(here.length)} of ${plural(Object.keys(devices).length, "device")} looked at`);
		return failed.includes(true) ? 1 : 0;
	} finally {
		await hub.close();
	}
}

interface Where {
	readonly api: Api;
	readonly hub: Hub;
	readonly hubStream: string;
	readonly stream: string;
	readonly syncMs: number;
}

/** The hub itself is asked, a `sync` later, whether it still has what it had acknowledged by then. */
async function trimOne({ api, hub, hubStream, stream, syncMs }: Where): Promise<number> {
	const info = await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, ANSWER_MS);
	if (!needsRoom(info)) return 0;
	const before = (await acknowledged(api, info, ANSWER_MS)).ack_floor.stream_seq;
	await sleep(syncMs);
	const at = await hub.api(HUB_DOMAIN).ask<StreamInfo>(`STREAM.INFO.${hubStream}`, undefined, ANSWER_MS);
	const after = (await acknowledged(api, info, ANSWER_MS)).ack_floor.stream_seq;
	const has = Math.min(before, after, toldPosition(at, stream));
	return purge(api, info, trimBefore(storedIn(info), has), ANSWER_MS);
}
