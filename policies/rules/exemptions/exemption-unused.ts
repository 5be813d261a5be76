import type { Rule } from "../../model";

export const exemptionUnused: Rule = {
	name: "exemption-unused",
	area: "exemptions",
	title: "Every exemption exempts something",
	severity: "advisory",
	why:
		"An exemption that no finding needs is either a leftover, which would hide a mistake that is made later, or has a " +
		"resource or rule that is written wrong, so that it hides nothing.",
	remedy: "take it out, or correct the names of its resource and rule",
	example: {
		fails:
			"exemptions:\n  - resource: legacy_order     # the stream is called legacy_orders\n    rule: stream-retention-is-limits\n    reason: until the importer is replaced\n    expires: 2099-12-31\n",
		complies:
			"exemptions:\n  - resource: legacy_orders\n    rule: stream-retention-is-limits\n    reason: until the importer is replaced\n    expires: 2099-12-31\n",
		language: "yaml",
	},
	// Only after all other rules have spoken is it known: see evaluate().
	check: () => [],
};
