import type { Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const hubVolumeIsProtected: Rule = {
	name: "hub-volume-is-protected",
	area: "hub",
	title: "A production volume outlives mistakes",
	severity: "mandatory",
	why:
		"A changed zone, type of volume or name makes Pulumi replace a volume, and destroy takes it with everything else: the " +
		"messages that devices have already forgotten are then nowhere. Protection refuses it in the preview, before anything is lost.",
	remedy:
		"set protect: true and retainOnDelete: true on the volume, in leafline's own settings no allowDataLoss; in stacks that are " +
		"no production it is not asked for",
	example: {
		fails: 'new aws.ebs.Volume("data", { availabilityZone, size: 200, encrypted: true });\n',
		complies:
			'new aws.ebs.Volume("data", { availabilityZone, size: 200, encrypted: true }, { protect: true, retainOnDelete: true });\n',
		language: "typescript",
	},
	check: ({ volumes }, { production }) =>
		(production ? volumes : []).map(({ origin, protected: kept }) => {
			if (!isKnown(kept)) {
				return unknown(origin, `whether ${origin.label} is protected`);
			}
			return kept
				? complies(origin)
				: violates(
						origin,
						`${origin.label} is not protected: a replacement or destroy deletes it with all its messages`,
					);
		}),
};
