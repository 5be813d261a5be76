import { BUNDLE } from "../layout";

/**
 * What takes releases on trial and back again. It follows no release that is on trial: what a release brings of it is taken
 * when it was found to be good.
 */
export const GUARD: readonly string[] = [
	BUNDLE.switch,
	BUNDLE.tryUnit,
	BUNDLE.trialUnit,
	BUNDLE.updateUnit,
	BUNDLE.updatePath,
];
