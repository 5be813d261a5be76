import { exemptionOrigin, isDay, isExpired } from "../../exemptions";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";

export const exemptionExpired: Rule = {
	name: "exemption-expired",
	area: "exemptions",
	title: "No exemption outlives its date",
	severity: "mandatory",
	why:
		"An exemption is a debt with a date. One that is forgotten lets the next mistake of its kind through unseen, so a " +
		"day after its last one it fails the check, whether or not anything still needs it.",
	remedy: "repair the resource and take the exemption out, or decide anew and give it a later date",
	example: {
		fails:
			"exemptions:\n  - resource: legacy_orders\n    rule: stream-retention-is-limits\n    reason: until the importer is replaced\n    expires: 2020-01-31\n",
		complies:
			"exemptions:\n  - resource: legacy_orders\n    rule: stream-retention-is-limits\n    reason: until the importer is replaced\n    expires: 2099-12-31\n",
		language: "yaml",
	},
	check: (_design, { exemptions, today }) =>
		exemptions.map((exemption) => {
			const { resource, rule, expires, reason } = exemption;
			const origin = exemptionOrigin(exemption);
			if (!isExpired(exemption, today)) {
				return complies(origin);
			}
			const when = isDay(expires) ? `ended on ${expires}` : `ends on ${JSON.stringify(expires)}, which is no day`;
			return violates(origin, `the exemption of ${resource} from ${rule} (${reason}) ${when}: it no longer holds`);
		}),
};
