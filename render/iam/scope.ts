import { isGiven } from "../../config/aws";
import type { AwsSettings } from "../../config/aws-model";
import type { HubSettings } from "../../config/model";
import { BOUNDARY, iamPath, nodeNames } from "../../topology/aws-names";
import type { HubFacts, Scope } from "./model";

/** What of a hub's settings decides which rights are needed. */
export function hubFacts({ nodes }: HubSettings, aws: AwsSettings): HubFacts {
	const { network, dns, alarms, kmsKeyId, storage, snapshots, image } = aws;
	const keys = Array.from({ length: nodes }, (_, index) => String(index + 1));
	const volumes = storage === "ebs";
	return {
		...(isGiven(network) && { network }),
		...(dns && { dns: { zoneId: dns.zoneId, names: [...new Set([dns.name, ...nodeNames(dns, keys)])] } }),
		...(alarms && { topic: "topicArn" in alarms ? alarms.topicArn : "own" }),
		...(kmsKeyId !== undefined && { kmsKeyId }),
		volumes,
		snapshots: volumes && snapshots.keep > 0,
		image,
	};
}

/** ARN of the boundary that the program writes, unless the settings name another one. */
export function boundaryArn({ partition, account, environment }: Pick<Scope, "partition" | "account" | "environment">) {
	return `arn:${partition}:iam::${account}:policy${iamPath(environment)}${BOUNDARY}`;
}

/** Of a region. */
export function partitionOf(region: string): string {
	if (region.startsWith("cn-")) return "aws-cn";
	return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
