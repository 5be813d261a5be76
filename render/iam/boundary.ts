import { ENVIRONMENT_TAG } from "../../topology/aws-names";
import { VOLUME_METRIC } from "../node/files";
import type { Scope, Statement } from "./model";
import { arn, buckets, ec2, logGroups, ours, parameters } from "./names";

/**
 * What no role that a stack makes can go beyond, whatever is attached to it. Whoever deploys may write the rights of
 * these roles and who assumes them, so this is also the most that a deployment can get at through them.
 */
export function boundary(scope: Scope): Statement[] {
	const { bucket, objects } = buckets(scope);
	return [
		{
			sid: "SystemsManager",
			actions: AGENT,
			resources: ["*"],
			reason: "The agent of Systems Manager, in place of SSH. It speaks for its own instance only.",
		},
		{
			sid: "WhatANodeIsToBe",
			actions: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
			resources: [parameters(scope)],
			reason: "Configuration and keys of this environment, and of no other one.",
		},
		{
			sid: "ItsSecrets",
			actions: ["kms:Decrypt"],
			resources: [arn(scope, "kms", "key/*")],
			conditions: {
				StringEquals: { "kms:ViaService": `ssm.${scope.region}.amazonaws.com` },
				ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": parameters(scope) },
			},
			reason: "SecureStrings of this environment, through Systems Manager alone.",
		},
		{
			sid: "ItsServer",
			actions: ["s3:GetObject"],
			resources: [objects],
			reason: `The nats-server in the bucket ${bucket.split(":").at(-1)}.`,
		},
		{
			sid: "ItsJournal",
			actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
			resources: [logGroups(scope)],
			reason: "The node's journal in the log group of this environment.",
		},
		{
			sid: "ItsMetrics",
			actions: ["cloudwatch:PutMetricData"],
			resources: ["*"],
			conditions: { StringEquals: { "cloudwatch:namespace": VOLUME_METRIC.namespace } },
			reason: "How full the volume is. AWS narrows it to a namespace, not to an environment within it.",
		},
		...(scope.hub.snapshots ? snapshots(scope) : []),
	];
}

/** The policy AWSDataLifecycleManagerServiceRole, as far as snapshots of this environment need it. */
function snapshots(scope: Scope): Statement[] {
	const snapshot = `arn:${scope.partition}:ec2:${scope.region}::snapshot/*`;
	return [
		{
			sid: "FindVolumes",
			actions: ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
			resources: ["*"],
			reason: "Data Lifecycle Manager finds volumes by their tag. AWS cannot narrow what is listed.",
		},
		{
			sid: "SnapshotsOfOurVolumes",
			actions: ["ec2:CreateSnapshot", "ec2:CreateSnapshots"],
			resources: ec2(scope, "instance", "volume"),
			conditions: ours(scope),
			reason: "Of this environment's volumes only: a snapshot of another one's would be its messages.",
		},
		{
			sid: "TheSnapshotItself",
			actions: ["ec2:CreateSnapshot", "ec2:CreateSnapshots"],
			resources: [snapshot],
			reason: "What is made; the volume, above, decides.",
		},
		{
			sid: "DeleteOurSnapshots",
			actions: ["ec2:DeleteSnapshot"],
			resources: [snapshot],
			conditions: ours(scope),
			reason: "Those that are beyond `snapshots.keep`.",
		},
		{
			sid: "TagOurSnapshots",
			actions: ["ec2:CreateTags"],
			resources: [snapshot],
			conditions: {
				StringEqualsIfExists: {
					[`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment,
					[`aws:ResourceTag/${ENVIRONMENT_TAG}`]: scope.environment,
				},
			},
			reason: "Copied from the volume. Never the tag of another environment, and never on another one's snapshot.",
		},
	];
}

const AGENT: readonly string[] = [
	"ec2messages:AcknowledgeMessage",
	"ec2messages:DeleteMessage",
	"ec2messages:FailMessage",
	"ec2messages:GetEndpoint",
	"ec2messages:GetMessages",
	"ec2messages:SendReply",
	"ssm:DescribeAssociation",
	"ssm:DescribeDocument",
	"ssm:GetDeployablePatchSnapshotForInstance",
	"ssm:GetDocument",
	"ssm:GetManifest",
	"ssm:ListAssociations",
	"ssm:ListInstanceAssociations",
	"ssm:PutComplianceItems",
	"ssm:PutConfigurePackageResult",
	"ssm:PutInventory",
	"ssm:UpdateAssociationStatus",
	"ssm:UpdateInstanceAssociationStatus",
	"ssm:UpdateInstanceInformation",
	"ssmmessages:CreateControlChannel",
	"ssmmessages:CreateDataChannel",
	"ssmmessages:OpenControlChannel",
	"ssmmessages:OpenDataChannel",
];
