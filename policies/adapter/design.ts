import { type Design, type DesignStream, type Maybe, UNKNOWN } from "../model";
import { maxFileOf } from "../rules/streams/conf-bytes";
import { INSTANCES, instancesOf, volumesOf } from "./instances";
import { foreignStreams, JETSTREAM } from "./jetstream";
import { LEAFLINE, leaflineParts } from "./leafline";
import { PARAMETERS, parametersOf, serversOf } from "./parameters";
import type { Resource } from "./resource";
import { ingressOf, SECURITY_GROUPS } from "./security-groups";

const JUDGED: ReadonlySet<string> = new Set(
	[LEAFLINE, JETSTREAM, SECURITY_GROUPS, INSTANCES, PARAMETERS].flatMap((types) => Object.values(types)),
);

/** Whether the rules have anything to say of resources of this type; of most they have not. */
export function isJudged(type: string): boolean {
	return JUDGED.has(type);
}

/** What the resources of a stack amount to, with `UNKNOWN` for what the engine knows only when it is deployed. */
export function toDesign(resources: readonly Resource[]): Design {
	const { streams, devices, roles } = leaflineParts(resources);
	const servers = serversOf(resources);
	const known = servers.flatMap(({ conf }) => (conf === UNKNOWN ? [] : [maxFileOf(conf)]));
	const limits = known.filter((limit) => typeof limit === "number");
	const own = limits.length === 0 ? {} : { maxFile: Math.min(...limits) };
	return {
		streams: [
			...streams.map((stream) => (stream.side === "hub" ? { ...stream, ...own } : stream)),
			...foreignStreams(resources),
		],
		servers,
		ingress: resources.flatMap(ingressOf),
		instances: instancesOf(resources, fewestReplicas(streams)),
		volumes: resources.flatMap(volumesOf),
		parameters: resources.flatMap(parametersOf),
		devices,
		roles,
	};
}

/** Of the hub's streams; unknown when it may be fewer than those that are known. */
function fewestReplicas(streams: readonly DesignStream[]): Maybe<number> | undefined {
	const all = streams.filter(({ side }) => side === "hub").map(({ config }) => config.num_replicas ?? 1);
	if (all.length === 0) return undefined;
	const numbers = all.filter((replicas) => replicas !== UNKNOWN);
	const fewest = Math.min(...numbers);
	return numbers.length < all.length && !(fewest < 3) ? UNKNOWN : fewest;
}
