import { ENVIRONMENT_TAG, SNAPSHOT_TAG } from "../../topology/aws-names";
import type { Scope, Statement } from "./model";
import { alarms, arn, ec2, logGroups, ours } from "./names";

/** IAM puts in who asks. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM, not of this program
const ONESELF = "${aws:userid}";

/** Rights for the procedures of docs/operations.md that are done by hand, besides those of who deploys. */
export function operate(scope: Scope): Statement[] {
	return [
		{
			sid: "Sessions",
			actions: ["ssm:StartSession"],
			resources: ec2(scope, "instance"),
			conditions: ours(scope),
			reason: "A shell on a node of this environment.",
		},
		{
			sid: "TheShell",
			actions: ["ssm:StartSession"],
			resources: [
				arn(scope, "ssm", "document/SSM-SessionManagerRunShell"),
				`arn:${scope.partition}:ssm:${scope.region}::document/SSM-SessionManagerRunShell`,
			],
			reason: "What Session Manager runs where nothing else is asked for.",
		},
		{
			sid: "OneselfsSessions",
			actions: ["ssm:ResumeSession", "ssm:TerminateSession"],
			resources: [arn(scope, "ssm", `session/${ONESELF}-*`)],
			reason: "Sessions that one has started, and nobody else's.",
		},
		{
			sid: "StopAndStartNodes",
			actions: ["ec2:GetConsoleOutput", "ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances"],
			resources: ec2(scope, "instance"),
			conditions: ours(scope),
			reason: "To restore a volume, and to see why a machine does not come up.",
		},
		...(scope.hub.volumes ? restore(scope) : []),
		{
			sid: "ReadTheJournals",
			actions: ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
			resources: [logGroups(scope)],
			reason: "What the nodes have written.",
		},
		{
			sid: "ReadTheAlarms",
			actions: ["cloudwatch:DescribeAlarmHistory"],
			resources: [alarms(scope)],
			reason: "When which alarm rang.",
		},
		{
			sid: "LookAround",
			actions: [
				"cloudwatch:DescribeAlarms",
				"cloudwatch:GetMetricData",
				"cloudwatch:ListMetrics",
				"ec2:DescribeInstanceStatus",
				"ec2:DescribeInstances",
				"ec2:DescribeNetworkInterfaces",
				"ec2:DescribeSnapshots",
				"ec2:DescribeVolumeStatus",
				"ec2:DescribeVolumes",
				"ec2:DescribeVolumesModifications",
				"logs:DescribeLogGroups",
				"servicequotas:GetServiceQuota",
				"ssm:DescribeInstanceInformation",
				"ssm:DescribeSessions",
			],
			resources: ["*"],
			reason: "Reads that AWS does not narrow to an environment.",
		},
	];
}

function restore(scope: Scope): Statement[] {
	const snapshots = [`arn:${scope.partition}:ec2:${scope.region}::snapshot/*`];
	return [
		{
			sid: "VolumesInPlaceOfOthers",
			actions: ["ec2:CreateVolume"],
			resources: ec2(scope, "volume"),
			conditions: {
				StringEquals: { [`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment },
				StringEqualsIfExists: { [`aws:RequestTag/${SNAPSHOT_TAG}`]: scope.environment },
				Bool: { "ec2:Encrypted": "true" },
			},
			reason: "A volume for this environment, encrypted.",
		},
		{
			sid: "FromOurSnapshots",
			actions: ["ec2:CreateVolume"],
			resources: snapshots,
			conditions: ours(scope),
			reason: "Another environment's snapshot is its messages. Who deploys has this right on no snapshot at all.",
		},
		{
			sid: "TagTheVolume",
			actions: ["ec2:CreateTags"],
			resources: ec2(scope, "volume"),
			conditions: {
				StringEquals: {
					[`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment,
					"ec2:CreateAction": "CreateVolume",
				},
			},
			reason: "With the request that makes it.",
		},
		{
			sid: "SwapVolumes",
			actions: ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume", "ec2:ModifyVolume"],
			resources: ec2(scope, "instance", "volume"),
			conditions: ours(scope),
			reason: "Between machines and volumes of this environment.",
		},
		{
			sid: "DeleteOldSnapshots",
			actions: ["ec2:DeleteSnapshot"],
			resources: snapshots,
			conditions: ours(scope),
			reason: "They stay, and cost, after a stack is gone.",
		},
	];
}
