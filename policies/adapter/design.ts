import type { Design } from "../model";
import { INSTANCES, instancesOf, volumesOf } from "./instances";
import { foreignStreams, JETSTREAM } from "./jetstream";
import { LEAFLINE, leaflineParts } from "./leafline";
import type { Resource } from "./resource";
import { ingressOf, SECURITY_GROUPS } from "./security-groups";

const JUDGED: ReadonlySet<string> = new Set(
	[LEAFLINE, JETSTREAM, SECURITY_GROUPS, INSTANCES].flatMap((types) => Object.values(types)),
);

/** Whether the rules have anything to say of resources of this type; of most they have not. */
export function isJudged(type: string): boolean {
	return JUDGED.has(type);
}

/** What the resources of a stack amount to, with `UNKNOWN` for what the engine knows only when it is deployed. */
export function toDesign(resources: readonly Resource[]): Design {
	const { streams, devices, roles } = leaflineParts(resources);
	return {
		streams: [...streams, ...foreignStreams(resources)],
		// Configuration files of servers are in no resource that the rules could read.
		servers: [],
		ingress: resources.flatMap(ingressOf),
		instances: resources.flatMap(instancesOf),
		volumes: resources.flatMap(volumesOf),
		devices,
		roles,
	};
}
