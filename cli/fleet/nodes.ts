import type { LeaflineOutput } from "../../contract/outputs";
import { HUB_DOMAIN } from "../../topology/names";
import { health, nodeCause } from "./local-servers";
import type { NodeFacts } from "./seen";

/** The nodes of a hub on this machine, each by its own monitoring; undefined for a hub elsewhere. */
export async function nodesOf(outputs: LeaflineOutput): Promise<readonly NodeFacts[] | undefined> {
	const { monitorUrl, nodes } = outputs.hub;
	if (monitorUrl === undefined) return undefined;
	return Promise.all(
		monitorUrl.split(",").map(async (url, index): Promise<NodeFacts> => {
			const name = nodes > 1 ? `${HUB_DOMAIN}_${index + 1}` : HUB_DOMAIN;
			const { answers, error } = await health(url);
			if (!answers) return { name, down: nodeCause(outputs, name) };
			return error === undefined ? { name } : { name, error };
		}),
	);
}
