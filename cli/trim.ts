import type { StackOutputs } from "../contract/outputs";
import { trimNamed } from "../device/trim";
import { deviceDomain, edgeStreamName } from "../topology/names";
import { messageOf } from "./errors";
import { openHub } from "./hub";

/** A device on a slow link that is catching up answers late; one that is away is not waited for longer than this. */
const ANSWER_MS = 20_000;

/**
 * Makes room once in the streams of every connected device, through the hub: for fleets whose devices do not do it
 * themselves. Only messages that the hub has acknowledged are purged.
 * @returns exit code: 1 when a connected device did not answer
 */
export async function trim(outputs: StackOutputs, say: (line: string) => void): Promise<number> {
	const hub = await openHub(outputs);
	try {
		const { classes, devices } = outputs.leafline;
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
						const purged = await trimNamed(api, stream, ANSWER_MS);
						if (purged > 0) say(`${stream}: ${purged.toLocaleString("en")} messages that the hub has made room`);
					}
					return false;
				} catch (error) {
					say(`${device}: ${messageOf(error)}`);
					return true;
				}
			}),
		);
		say(`${here.length} of ${Object.keys(devices).length} devices looked at`);
		return failed.includes(true) ? 1 : 0;
	} finally {
		await hub.close();
	}
}
