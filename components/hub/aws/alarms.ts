import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as sns from "@pulumi/aws/sns";
import * as pulumi from "@pulumi/pulumi";
import type { AwsSettings } from "../../../config/aws-model";
import { namePrefix } from "../../../topology/aws-names";
import type { Account } from "./machine";
import type { Tagger } from "./naming";

export interface AlarmsArgs {
	readonly account: Account;
	/** Who is told. @default nobody */
	readonly alarms?: AwsSettings["alarms"];
	/** By key of the node. */
	readonly instances: Readonly<Record<string, pulumi.Input<string>>>;
	/** Namespace and name of the volume's metric, which nodes write every 5 minutes. */
	readonly volumeMetric: { readonly namespace: string; readonly name: string };
	readonly environment: string;
	/** Instance store cannot move to other hardware: there is nothing to recover. */
	readonly recover: boolean;
	readonly tags: Tagger;
}

/** Streams reserve four fifths of a volume at most; what is beyond it grows in a way that nobody planned. */
const VOLUME_PERCENT = 90;

/** For each node: hardware that failed, a system that hangs, a volume that fills up. */
export function createAlarms(name: string, args: AlarmsArgs, opts: pulumi.CustomResourceOptions): void {
	const { account, instances, volumeMetric, environment, recover, tags } = args;
	const told = listeners(name, args, opts);
	for (const [key, InstanceId] of Object.entries(instances)) {
		const alarm = (what: string, alarmArgs: cloudwatch.MetricAlarmArgs) =>
			new cloudwatch.MetricAlarm(
				`${name}-${key}-${what}`,
				{
					name: `${namePrefix(environment)}${name}-${key}-${what}`,
					okActions: told,
					tags: tags(`${name}-${key}-${what}`),
					...alarmArgs,
				},
				opts,
			);
		const status = (metricName: string): cloudwatch.MetricAlarmArgs => ({
			namespace: "AWS/EC2",
			metricName,
			dimensions: { InstanceId },
			statistic: "Maximum",
			period: 60,
			comparisonOperator: "GreaterThanOrEqualToThreshold",
			threshold: 1,
		});
		alarm("hardware", {
			...status("StatusCheckFailed_System"),
			evaluationPeriods: 2,
			alarmDescription: `Hub node ${key}: its hardware failed${recover ? "; it is moved to other hardware" : ""}`,
			alarmActions: [
				...told,
				...(recover ? [pulumi.interpolate`arn:${account.partition}:automate:${account.region}:ec2:recover`] : []),
			],
		});
		alarm("system", {
			...status("StatusCheckFailed_Instance"),
			evaluationPeriods: 5,
			alarmDescription: `Hub node ${key}: its system does not answer`,
			alarmActions: told,
		});
		alarm("volume", {
			namespace: volumeMetric.namespace,
			metricName: volumeMetric.name,
			dimensions: { Environment: environment, Node: key },
			statistic: "Maximum",
			period: 300,
			evaluationPeriods: 2,
			comparisonOperator: "GreaterThanThreshold",
			threshold: VOLUME_PERCENT,
			// Before the first figure there is none, and nothing is wrong: an alarm begins without data, and tells nobody of
			// that. A node that falls silent is as bad as one that is full; one that never says anything fails the update.
			treatMissingData: "missing",
			alarmDescription: `Hub node ${key}: the data volume is more than ${VOLUME_PERCENT}% full, or the node does not say`,
			alarmActions: told,
			insufficientDataActions: told,
		});
	}
}

function listeners(
	name: string,
	{ alarms, environment, tags }: AlarmsArgs,
	opts: pulumi.CustomResourceOptions,
): pulumi.Input<string>[] {
	if (alarms === undefined) return [];
	if ("topicArn" in alarms) return [alarms.topicArn];
	const topic = new sns.Topic(name, { namePrefix: `${namePrefix(environment)}${name}-`, tags: tags(name) }, opts);
	new sns.TopicSubscription(name, { topic: topic.arn, protocol: "email", endpoint: alarms.email }, opts);
	return [topic.arn];
}
