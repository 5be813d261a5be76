import * as ebs from "@pulumi/aws/ebs";
import type * as pulumi from "@pulumi/pulumi";
import type { AwsVolumePlan } from "../../../topology/aws";
import { ENVIRONMENT_TAG, SNAPSHOT_TAG } from "../../../topology/aws-names";
import type { Tagger } from "./naming";

export interface VolumesArgs {
	readonly plan: AwsVolumePlan;
	/** By key of the node. */
	readonly zones: Readonly<Record<string, pulumi.Input<string>>>;
	readonly kmsKeyId?: string;
	readonly tags: Tagger;
}

/** By key of the node; none with instance store. */
export type Volumes = Readonly<Record<string, ebs.Volume>>;

/** A data volume for each node. It outlives the node, and a larger plan grows it in place. */
export function createVolumes(
	name: string,
	{ plan, zones, kmsKeyId, tags }: VolumesArgs,
	opts: pulumi.CustomResourceOptions,
): Volumes {
	return Object.fromEntries(
		Object.entries(zones).map(([key, availabilityZone]) => {
			const own = tags(`${name}-${key}`);
			const volume = new ebs.Volume(
				`${name}-${key}`,
				{
					availabilityZone,
					type: "gp3",
					size: plan.sizeGiB,
					iops: plan.iops,
					throughput: plan.throughput,
					encrypted: plan.encrypted,
					...(kmsKeyId !== undefined && { kmsKeyId }),
					tags: { ...own, [SNAPSHOT_TAG]: own[ENVIRONMENT_TAG] ?? "" },
				},
				// A restored snapshot is put in place by hand, and must not be replaced by the next update.
				{ ...opts, protect: plan.keep, retainOnDelete: plan.keep, ignoreChanges: ["snapshotId"] },
			);
			return [key, volume];
		}),
	);
}
