import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../../topology/model";
import { enrolment, firstRoster, type Roll, type Roster } from "../../topology/roster";
import { DynamicResource } from "../streams/dynamic";

/**
 * Who has which key, and whose are revoked for ever, over all updates of an environment. Kept in the state, and never
 * forgotten while the keys are the same.
 */
export class KeyRoster extends DynamicResource {
	/** The provider computes it from the one before. */
	declare readonly devices: pulumi.Output<Roll>;
	declare readonly readers: pulumi.Output<Roll>;

	constructor(name: string, { fleet }: Pick<Topology, "fleet">, opts: pulumi.CustomResourceOptions) {
		super("roster", "Roster", name, { enrolment: enrolment(fleet), devices: undefined, readers: undefined }, opts);
	}
}

/** The roster of an environment. */
export function keepRoster(topology: Topology, opts: pulumi.CustomResourceOptions): pulumi.Output<Roster> {
	const { devices, readers } = new KeyRoster("roster", topology, opts);
	// Without an engine nobody computes it, and nobody was there before.
	return pulumi.all([devices, readers]).apply(([devices, readers]) => {
		return devices && readers ? { devices, readers } : firstRoster(topology.fleet);
	});
}
