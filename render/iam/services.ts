import type { Scope, Statement } from "./model";
import { buckets, documents, ec2, ours, parameters } from "./names";

/** Rights on what a node is made of besides its machine: the bucket of the server, parameters, document, names, key. */
export function services(scope: Scope): Statement[] {
	return [
		...bucketOfTheServer(scope),
		...systemsManager(scope),
		...(scope.hub.dns ? names(scope, scope.hub.dns) : []),
		...(scope.hub.kmsKeyId === undefined ? [] : ownKey(scope, scope.hub.kmsKeyId)),
	];
}

function bucketOfTheServer(scope: Scope): Statement[] {
	const { bucket, objects } = buckets(scope);
	return [
		{
			sid: "TheBucketOfTheServer",
			actions: [
				"s3:CreateBucket",
				"s3:DeleteBucket",
				"s3:DeleteBucketPolicy",
				"s3:GetAccelerateConfiguration",
				"s3:GetBucketAcl",
				"s3:GetBucketCORS",
				"s3:GetBucketLocation",
				"s3:GetBucketLogging",
				"s3:GetBucketObjectLockConfiguration",
				"s3:GetBucketPolicy",
				"s3:GetBucketPublicAccessBlock",
				"s3:GetBucketRequestPayment",
				"s3:GetBucketTagging",
				"s3:GetBucketVersioning",
				"s3:GetBucketWebsite",
				"s3:GetEncryptionConfiguration",
				"s3:GetLifecycleConfiguration",
				"s3:GetReplicationConfiguration",
				"s3:ListBucket",
				"s3:ListBucketVersions",
				"s3:ListTagsForResource",
				"s3:PutBucketPolicy",
				"s3:PutBucketPublicAccessBlock",
				"s3:PutBucketTagging",
				"s3:TagResource",
				"s3:UntagResource",
			],
			resources: [bucket],
			reason:
				"By its name, which begins with the environment's and no other one's. It holds a nats-server, nothing else.",
		},
		{
			sid: "TheServer",
			actions: ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"],
			resources: [objects],
			reason: "The program that the nodes run.",
		},
	];
}

function systemsManager(scope: Scope): Statement[] {
	return [
		{
			sid: "WhatNodesAreToBe",
			actions: [
				"ssm:AddTagsToResource",
				"ssm:DeleteParameter",
				"ssm:GetParameter",
				"ssm:ListTagsForResource",
				"ssm:PutParameter",
				"ssm:RemoveTagsFromResource",
			],
			resources: [parameters(scope)],
			reason: "Configuration and keys, below the environment's path.",
		},
		{
			sid: "TheDocument",
			actions: [
				"ssm:AddTagsToResource",
				"ssm:CreateDocument",
				"ssm:DeleteDocument",
				"ssm:DescribeDocument",
				"ssm:DescribeDocumentPermission",
				"ssm:GetDocument",
				"ssm:ListTagsForResource",
				"ssm:RemoveTagsFromResource",
				"ssm:SendCommand",
				"ssm:UpdateDocument",
				"ssm:UpdateDocumentDefaultVersion",
			],
			resources: [documents(scope)],
			reason: "What Run Command does on a node, and nothing else that it could do: Amazon's documents are not in it.",
		},
		{
			sid: "CommandsToOurNodes",
			actions: ["ssm:SendCommand"],
			resources: ec2(scope, "instance"),
			conditions: ours(scope),
			reason: "On machines of this environment.",
		},
		{
			sid: "WhatCannotBeNarrowed",
			actions: [
				"cloudwatch:DescribeAlarms",
				"logs:DescribeLogGroups",
				"ssm:DescribeInstanceInformation",
				"ssm:DescribeParameters",
				"ssm:GetCommandInvocation",
				"sts:GetCallerIdentity",
			],
			resources: ["*"],
			reason:
				"Reads that AWS does not narrow: names of parameters, alarms and log groups, and what a command printed, of any environment whose command ids one knows.",
		},
	];
}

function names({ partition }: Scope, dns: { readonly zoneId: string; readonly names: readonly string[] }): Statement[] {
	const zone = `arn:${partition}:route53:::hostedzone/${dns.zoneId}`;
	return [
		{
			sid: "NamesOfTheHub",
			actions: ["route53:ChangeResourceRecordSets"],
			resources: [zone],
			conditions: {
				"ForAllValues:StringEquals": {
					"route53:ChangeResourceRecordSetsNormalizedRecordNames": dns.names,
					"route53:ChangeResourceRecordSetsRecordTypes": ["A"],
				},
			},
			reason: "The names of the settings and no other one of the zone, which environments may share.",
		},
		{
			sid: "TheZone",
			actions: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
			resources: [zone],
			reason: "Records are read back from the zone.",
		},
		{
			sid: "ItsProgress",
			actions: ["route53:GetChange"],
			resources: [`arn:${partition}:route53:::change/*`],
			reason: "Whether a record has arrived everywhere.",
		},
	];
}

function ownKey(scope: Scope, key: string): Statement[] {
	const { region } = scope;
	return [
		{
			sid: "DisksUnderTheKey",
			actions: [
				"kms:Decrypt",
				"kms:DescribeKey",
				"kms:GenerateDataKeyWithoutPlaintext",
				"kms:ReEncryptFrom",
				"kms:ReEncryptTo",
			],
			resources: [key],
			conditions: { StringEquals: { "kms:ViaService": `ec2.${region}.amazonaws.com` } },
			reason: "Volumes under the key of the settings, through EC2 alone.",
		},
		{
			sid: "GrantsForDisks",
			actions: ["kms:CreateGrant"],
			resources: [key],
			conditions: {
				StringEquals: { "kms:ViaService": `ec2.${region}.amazonaws.com` },
				Bool: { "kms:GrantIsForAWSResource": "true" },
			},
			reason: "EC2 opens a volume by a grant. Nobody else is given one.",
		},
		{
			sid: "SecretsUnderTheKey",
			actions: ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
			resources: [key],
			conditions: {
				StringEquals: { "kms:ViaService": `ssm.${region}.amazonaws.com` },
				ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": parameters(scope) },
			},
			reason: "SecureStrings of this environment under the key of the settings, also where environments share it.",
		},
	];
}
