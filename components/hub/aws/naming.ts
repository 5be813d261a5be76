import { ENVIRONMENT_TAG } from "../../../topology/aws-names";
import type { Topology } from "../../../topology/model";

/** Tags of a resource. @param name what consoles show */
export type Tagger = (name: string) => Record<string, string>;

/** Every resource says which environment and fleet it is of; the user's own tags win. */
export function tagger({ settings, fleet }: Topology): Tagger {
	const { environment, hub } = settings;
	return (name) => ({
		Name: `leafline-${environment}-${name}`,
		[ENVIRONMENT_TAG]: environment,
		"leafline:fleet": fleet.name,
		...hub.aws?.tags,
	});
}
