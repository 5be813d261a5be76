import type { StackOutputs } from "../../contract/outputs";
import { count } from "../format";
import { readCuts } from "../links/links";
import { Edges } from "./edges";
import { look } from "./facts";
import { openHub } from "./hub";
import { fleetState } from "./state";

/** What one device still holds that the hub has not. */
export interface Left {
	/** `up`, or why nobody knows: the states of `leafline status`. */
	readonly link: string;
	/** Messages that the hub has not got; absent where neither tells. */
	readonly waiting?: number;
	/** Streams that are not there, on the device or on the hub: nobody knows what waited in them. */
	readonly gone?: string[];
}

/** Looks at one device. @throws UserError when the hub does not answer */
export async function leftOn(outputs: StackOutputs, device: string): Promise<Left> {
	const { [device]: found } = outputs.leafline.devices;
	const only = { ...outputs.leafline, devices: found === undefined ? {} : { [device]: found } };
	const hub = await openHub(outputs);
	const edges = new Edges(only, hub);
	try {
		const state = fleetState(only, await look(only, hub, edges, () => readCuts(only)));
		const [of] = state.devices;
		return {
			link: of?.link.state ?? "unknown",
			...(of?.backlog !== undefined && { waiting: of.backlog }),
			...(of?.gone && { gone: [...of.gone] }),
		};
	} finally {
		await edges.close();
		await hub.close();
	}
}

/** Whether it is there, and says that the hub has all. One that is away may hold what nobody knows of. */
export function isDrained({ link, waiting, gone }: Left): boolean {
	return link === "up" && waiting === 0 && gone === undefined;
}

export function leftLine(device: string, { link, waiting, gone }: Left): string {
	const how = link === "up" ? "connected" : "not connected: it may hold more than anybody knows";
	const what =
		waiting === undefined
			? "nobody knows what waits on it"
			: waiting === 0
				? "nothing is known to wait on it"
				: `${count(waiting)} messages wait on it`;
	const lost = gone === undefined ? "" : `; gone: ${gone.join(", ")}`;
	return `${device}  ${how}; ${what}${lost}`;
}
