import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../../topology/model";
import type { Roll } from "../../topology/roll";
import { enrolment, firstRoster, type Roster } from "../../topology/roster";
import { type Signing, signingOf } from "../../topology/signing";
import { DynamicResource } from "../streams/dynamic";

/**
 * Who has which key, and whose are revoked for ever, over all updates of an environment. Kept in the state, and never
 * forgotten while the keys are the same.
 */
export class KeyRoster extends DynamicResource {
	/** The provider computes it from the one before. */
	declare readonly devices: pulumi.Output<Roll>;
	declare readonly readers: pulumi.Output<Roll>;
	/** Only of a fleet file that says something of it: it never says less than before. */
	declare readonly signing?: pulumi.Output<Signing>;

	constructor(name: string, { fleet }: Pick<Topology, "fleet">, opts: pulumi.CustomResourceOptions) {
		// What is asked for and is not in the state is unknown in a preview, and so would be all that hangs on it.
		const kept = { devices: undefined, readers: undefined, ...(signingOf(fleet) && { signing: undefined }) };
		super("roster", "Roster", name, { enrolment: enrolment(fleet), ...kept }, opts);
	}
}

/** The roster of an environment. */
export function keepRoster(topology: Topology, opts: pulumi.CustomResourceOptions): pulumi.Output<Roster> {
	const { devices, readers, signing } = new KeyRoster("roster", topology, opts);
	// Without an engine nobody computes it, and nobody was there before.
	return pulumi.all([devices, readers, signing]).apply(([devices, readers, signing]) => {
		return devices && readers ? { devices, readers, ...(signing && { signing }) } : firstRoster(topology.fleet);
	});
}
