import * as dlm from "@pulumi/aws/dlm";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { AwsSettings } from "../../../config/aws-model";
import { iamPath, MANAGED_POLICIES, SNAPSHOT_MARK, SNAPSHOT_TAG } from "../../../topology/aws-names";
import { type Account, document } from "./machine";
import type { Tagger } from "./naming";

export interface SnapshotsArgs {
	readonly account: Account;
	readonly environment: string;
	readonly snapshots: AwsSettings["snapshots"];
	/** Of the role. @default none */
	readonly permissionsBoundary?: string;
	readonly tags: Tagger;
}

/**
 * Snapshots of the data volumes by Data Lifecycle Manager. They are what a power cut would leave: whole to the last
 * `sync_interval`, each node's from another moment.
 */
export function createSnapshots(
	name: string,
	{ account, environment, snapshots, permissionsBoundary, tags }: SnapshotsArgs,
	opts: pulumi.CustomResourceOptions,
): void {
	if (snapshots.keep === 0) return;
	const role = new iam.Role(
		name,
		{
			path: iamPath(environment),
			description: "Snapshots of the hub's data volumes",
			...(permissionsBoundary !== undefined && { permissionsBoundary }),
			assumeRolePolicy: document([
				{ Effect: "Allow", Principal: { Service: "dlm.amazonaws.com" }, Action: "sts:AssumeRole" },
			]),
			tags: tags(name),
		},
		opts,
	);
	const rights = new iam.RolePolicyAttachment(
		name,
		{
			role: role.name,
			policyArn: pulumi.interpolate`arn:${account.partition}:iam::aws:policy/${MANAGED_POLICIES.snapshots}`,
		},
		opts,
	);
	new dlm.LifecyclePolicy(
		name,
		{
			// Nothing but letters, digits, blanks, dashes and underscores is allowed there.
			description: `leafline ${environment} hub data volumes`.replace(/[^\w -]/g, "-"),
			executionRoleArn: role.arn,
			state: "ENABLED",
			policyDetails: {
				resourceTypes: ["VOLUME"],
				targetTags: { [SNAPSHOT_TAG]: environment },
				schedules: [
					{
						name: `every ${snapshots.everyHours} h`,
						createRule: {
							interval: snapshots.everyHours,
							intervalUnit: "HOURS",
							// Daily ones at a quiet hour; what is more frequent begins there.
							times: "03:00",
						},
						retainRule: { count: snapshots.keep },
						copyTags: true,
						tagsToAdd: { [SNAPSHOT_MARK]: environment },
					},
				],
			},
			tags: tags(name),
		},
		{ ...opts, dependsOn: rights },
	);
}
