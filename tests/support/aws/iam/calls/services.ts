import { type CallsOf, call, tagging } from "./model";

const HEX = "0123456789abcdef";

export const SERVICES: Readonly<Record<string, CallsOf>> = {
	"aws:ssm/parameter:Parameter": ({ seen, world }) => {
		const parameter = { arn: world.arn("ssm", `parameter${seen.inputs.name}`), tags: world.tag };
		const tags = tagging(seen.inputs.tags);
		const { keyId } = seen.inputs;
		const underKey = (action: string) =>
			keyId === undefined
				? []
				: [
						call(action, [{ arn: String(keyId) }], {
							"kms:ViaService": `ssm.${world.region}.amazonaws.com`,
							"kms:EncryptionContext:PARAMETER_ARN": parameter.arn,
						}),
					];
		return {
			source: "ssm/parameter.go",
			create: [
				call("ssm:PutParameter", [{ arn: parameter.arn }], tags),
				call("ssm:AddTagsToResource", [{ arn: parameter.arn }], tags),
				// Up to 4 KiB, and beyond.
				...underKey("kms:Encrypt"),
				...underKey("kms:GenerateDataKey"),
			],
			read: [
				call("ssm:GetParameter", [parameter]),
				call("ssm:DescribeParameters"),
				...underKey("kms:Decrypt"),
				call("ssm:ListTagsForResource", [parameter]),
			],
			update: [
				call("ssm:PutParameter", [parameter]),
				call("ssm:AddTagsToResource", [parameter], { "aws:RequestTag/team": "mine" }),
				call("ssm:RemoveTagsFromResource", [parameter], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("ssm:DeleteParameter", [parameter])],
		};
	},
	"aws:ssm/document:Document": ({ seen, world }) => {
		const document = { arn: world.arn("ssm", `document/${seen.inputs.name}`), tags: world.tag };
		const made = { arn: document.arn };
		return {
			source: "ssm/document.go",
			create: [
				call("ssm:CreateDocument", [made], tagging(seen.inputs.tags)),
				call("ssm:AddTagsToResource", [made], tagging(seen.inputs.tags)),
			],
			read: [
				call("ssm:DescribeDocument", [document]),
				call("ssm:GetDocument", [document]),
				call("ssm:DescribeDocumentPermission", [document]),
			],
			update: [
				call("ssm:UpdateDocument", [document]),
				call("ssm:UpdateDocumentDefaultVersion", [document]),
				call("ssm:AddTagsToResource", [document], { "aws:RequestTag/team": "mine" }),
				call("ssm:RemoveTagsFromResource", [document], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("ssm:DeleteDocument", [document])],
		};
	},
	"aws:cloudwatch/metricAlarm:MetricAlarm": ({ seen, world }) => {
		const alarm = { arn: world.arn("cloudwatch", `alarm:${seen.inputs.name}`), tags: world.tag };
		const made = { arn: alarm.arn };
		const actions = (seen.inputs.alarmActions as string[]).map((arn) =>
			arn.startsWith("arn:aws:") ? arn : world.topic,
		);
		const does = actions.length > 0 ? { "cloudwatch:AlarmActions": actions } : {};
		return {
			source: "cloudwatch/metric_alarm.go",
			create: [
				call("cloudwatch:PutMetricAlarm", [made], { ...tagging(seen.inputs.tags), ...does }),
				call("cloudwatch:TagResource", [made], tagging(seen.inputs.tags)),
				// CloudWatch makes its role when the first alarm moves a machine.
				call(
					"iam:CreateServiceLinkedRole",
					[
						{
							arn: `arn:aws:iam::${world.account}:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents`,
						},
					],
					{ "iam:AWSServiceName": "events.amazonaws.com" },
				),
			],
			read: [call("cloudwatch:DescribeAlarms", [alarm]), call("cloudwatch:ListTagsForResource", [alarm])],
			update: [
				call("cloudwatch:PutMetricAlarm", [alarm], does),
				call("cloudwatch:TagResource", [alarm], { "aws:RequestTag/team": "mine" }),
				call("cloudwatch:UntagResource", [alarm], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("cloudwatch:DeleteAlarms", [alarm])],
		};
	},
	"aws:cloudwatch/logGroup:LogGroup": ({ seen, world }) => {
		const group = { arn: world.arn("logs", `log-group:${seen.inputs.name}`), tags: world.tag };
		const made = { arn: group.arn };
		return {
			source: "logs/group.go",
			create: [
				call("logs:CreateLogGroup", [made], tagging(seen.inputs.tags)),
				call("logs:TagResource", [made], tagging(seen.inputs.tags)),
				call("logs:PutRetentionPolicy", [group]),
			],
			read: [call("logs:DescribeLogGroups"), call("logs:ListTagsForResource", [group])],
			update: [
				call("logs:PutRetentionPolicy", [group]),
				call("logs:DeleteRetentionPolicy", [group]),
				call("logs:TagResource", [group], { "aws:RequestTag/team": "mine" }),
				call("logs:UntagResource", [group], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("logs:DeleteLogGroup", [group])],
		};
	},
	"aws:sns/topic:Topic": ({ seen, world }) => {
		const topic = { arn: world.arn("sns", `${seen.inputs.namePrefix}${HEX}`), tags: world.tag };
		const made = { arn: topic.arn };
		return {
			source: "sns/topic.go",
			create: [
				call("sns:CreateTopic", [made], tagging(seen.inputs.tags)),
				call("sns:TagResource", [made], tagging(seen.inputs.tags)),
			],
			read: [call("sns:GetTopicAttributes", [topic]), call("sns:ListTagsForResource", [topic])],
			update: [
				call("sns:SetTopicAttributes", [topic]),
				call("sns:TagResource", [topic], { "aws:RequestTag/team": "mine" }),
				call("sns:UntagResource", [topic], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("sns:DeleteTopic", [topic])],
		};
	},
	"aws:sns/topicSubscription:TopicSubscription": ({ world }) => ({
		source: "sns/topic_subscription.go",
		create: [call("sns:Subscribe", [{ arn: world.topic, tags: world.tag }])],
		// A subscription's own ARN is no resource of IAM's: neither name nor tag of its topic count.
		read: [call("sns:GetSubscriptionAttributes")],
		update: [],
		delete: [call("sns:Unsubscribe")],
	}),
	"aws:dlm/lifecyclePolicy:LifecyclePolicy": ({ seen, world }) => {
		const policy = { arn: world.arn("dlm", `policy/policy-${HEX}`), tags: world.tag };
		const pass = call("iam:PassRole", [world.role("hub-snapshots-0123456")], {
			"iam:PassedToService": "dlm.amazonaws.com",
		});
		return {
			source: "dlm/lifecycle_policy.go",
			create: [
				call("dlm:CreateLifecyclePolicy", [], tagging(seen.inputs.tags)),
				call("dlm:TagResource", [{ arn: policy.arn }], tagging(seen.inputs.tags)),
				pass,
			],
			read: [call("dlm:GetLifecyclePolicy", [policy]), call("dlm:ListTagsForResource", [policy])],
			update: [
				call("dlm:UpdateLifecyclePolicy", [policy]),
				pass,
				call("dlm:TagResource", [policy], { "aws:RequestTag/team": "mine" }),
				call("dlm:UntagResource", [policy], { "aws:TagKeys": ["team"] }),
			],
			delete: [call("dlm:DeleteLifecyclePolicy", [policy])],
		};
	},
	"aws:route53/record:Record": ({ seen }) => {
		const zone = { arn: `arn:aws:route53:::hostedzone/${seen.inputs.zoneId}` };
		const change = (action: string) => [
			call("route53:ChangeResourceRecordSets", [zone], {
				"route53:ChangeResourceRecordSetsNormalizedRecordNames": [String(seen.inputs.name)],
				"route53:ChangeResourceRecordSetsRecordTypes": [String(seen.inputs.type)],
				"route53:ChangeResourceRecordSetsActions": [action],
			}),
			call("route53:GetChange", [{ arn: "arn:aws:route53:::change/C0123456789" }]),
		];
		return {
			source: "route53/record.go",
			create: [call("route53:GetHostedZone", [zone]), ...change("CREATE")],
			read: [call("route53:GetHostedZone", [zone]), call("route53:ListResourceRecordSets", [zone])],
			update: change("UPSERT"),
			delete: change("DELETE"),
		};
	},
};
