import { ENVIRONMENT_TAG } from "../../topology/aws-names";
import type { Scope, Statement } from "./model";
import { alarms, lifecyclePolicies, logGroups, made, ours, topics } from "./names";

/** Rights on alarms, who is told, journals and snapshots: by names where AWS has names, else by the tag. */
export function watching(scope: Scope): Statement[] {
	const { partition, region, hub } = scope;
	const told = hub.topic === "own" ? [topics(scope)] : hub.topic === undefined ? [] : [hub.topic];
	const recover = hub.volumes ? [`arn:${partition}:automate:${region}:ec2:recover`] : [];
	const actions = [...recover, ...told];
	return [
		{
			sid: "MakeAlarms",
			actions: ["cloudwatch:PutMetricAlarm"],
			resources: [alarms(scope)],
			conditions: { "ForAllValues:StringLike": { "cloudwatch:AlarmActions": actions.length > 0 ? actions : ["none"] } },
			reason:
				"By their name. What they may do: tell the topic, and move a machine to other hardware; not stop or terminate one, which would reach other environments' machines.",
		},
		{
			sid: "Alarms",
			actions: [
				"cloudwatch:DeleteAlarms",
				"cloudwatch:ListTagsForResource",
				"cloudwatch:TagResource",
				"cloudwatch:UntagResource",
			],
			resources: [alarms(scope)],
			reason: "By their name.",
		},
		...(hub.topic === "own" ? topicOfItsOwn(scope) : []),
		{
			sid: "TheJournals",
			actions: [
				"logs:CreateLogGroup",
				"logs:DeleteLogGroup",
				"logs:DeleteRetentionPolicy",
				"logs:ListTagsForResource",
				"logs:PutRetentionPolicy",
				"logs:TagResource",
				"logs:UntagResource",
			],
			resources: [logGroups(scope)],
			reason: "Log groups below the environment's path.",
		},
		...(hub.snapshots ? snapshots(scope) : []),
	];
}

function topicOfItsOwn(scope: Scope): Statement[] {
	return [
		{
			sid: "TheTopic",
			actions: [
				"sns:CreateTopic",
				"sns:DeleteTopic",
				"sns:GetTopicAttributes",
				"sns:ListTagsForResource",
				"sns:SetTopicAttributes",
				"sns:Subscribe",
				"sns:TagResource",
				"sns:UntagResource",
			],
			resources: [topics(scope)],
			reason: "Who is told, by the topic's name.",
		},
		{
			sid: "TheSubscription",
			actions: ["sns:GetSubscriptionAttributes", "sns:Unsubscribe"],
			resources: ["*"],
			reason:
				"A subscription has no tag and, before it is confirmed, no name; its ARN must be known, and nothing here lists it.",
		},
	];
}

function snapshots(scope: Scope): Statement[] {
	return [
		{
			sid: "MakeSnapshots",
			actions: ["dlm:CreateLifecyclePolicy"],
			resources: ["*"],
			conditions: made(scope),
			reason: "Policies of snapshots have no name, so they are made with the tag.",
		},
		{
			sid: "TagSnapshotPolicies",
			actions: ["dlm:TagResource"],
			resources: [lifecyclePolicies(scope)],
			conditions: {
				StringEqualsIfExists: {
					[`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment,
					[`aws:ResourceTag/${ENVIRONMENT_TAG}`]: scope.environment,
				},
			},
			reason: "With what is made, and later. Another environment's is not taken; one without any tag could be.",
		},
		{
			sid: "SnapshotPolicies",
			actions: [
				"dlm:DeleteLifecyclePolicy",
				"dlm:GetLifecyclePolicy",
				"dlm:ListTagsForResource",
				"dlm:UpdateLifecyclePolicy",
			],
			resources: [lifecyclePolicies(scope)],
			conditions: ours(scope),
			reason: "Only what carries the environment's tag.",
		},
		{
			sid: "UntagSnapshotPolicies",
			actions: ["dlm:UntagResource"],
			resources: [lifecyclePolicies(scope)],
			conditions: { ...ours(scope), "ForAllValues:StringNotEquals": { "aws:TagKeys": [ENVIRONMENT_TAG] } },
			reason: "Any tag but the environment's.",
		},
	];
}
