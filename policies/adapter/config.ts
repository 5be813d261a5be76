import type { PolicyConfigSchema } from "@pulumi/policy";
import * as analyzer from "@pulumi/pulumi/proto/analyzer_pb";

/**
 * Of the policy `leafline`, which holds the settings of the whole pack: their names, and nothing of what may stand
 * there. The engine would judge that in words of its own; `readPackSettings` does, for the engine and for the check.
 */
export const CONFIG_SCHEMA: PolicyConfigSchema = {
	properties: {
		allowedPorts: {},
		minimumServer: {},
		maximumWindow: {},
		production: {},
		severity: {},
		exemptions: {},
	},
};

/**
 * From now on remembers what the engine configures the pack with. `@pulumi/policy` shows a policy its own settings only,
 * and what names no policy it shows nobody: a rule that is written wrong would go on as if nothing had been said.
 *
 * @returns the settings by policy, with a level for each; undefined as long as the engine has not said any
 */
export function watchConfiguration(): () => Record<string, unknown> | undefined {
	const { ConfigureAnalyzerRequest, EnforcementLevel } = analyzer;
	const levels = new Map(Object.entries(EnforcementLevel).map(([name, level]) => [Number(level), name.toLowerCase()]));
	let said: Record<string, unknown> | undefined;
	const { getPolicyconfigMap } = ConfigureAnalyzerRequest.prototype;
	ConfigureAnalyzerRequest.prototype.getPolicyconfigMap = function (...args) {
		const map = getPolicyconfigMap.apply(this, args);
		const entries = map.getEntryList().map(([name]) => {
			const policy = map.get(name);
			const level = levels.get(policy?.getEnforcementlevel() ?? -1);
			return [name, { ...policy?.getProperties()?.toJavaScript(), ...(level && { enforcementLevel: level }) }];
		});
		said = Object.fromEntries(entries);
		return map;
	};
	return () => said;
}

/** Name of the stack that a resource belongs to: the first part of its URN. */
export function stackOf(urn: string | undefined): string {
	return urn?.split("::")[0]?.replace(/^urn:pulumi:/, "") ?? "";
}
