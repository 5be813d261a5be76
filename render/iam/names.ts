import { ENVIRONMENT_TAG, environmentPath, iamPath, namePrefix } from "../../topology/aws-names";
import type { Conditions, Scope } from "./model";

/** ARNs and conditions that mean one environment's things and nobody else's. */

type Place = Pick<Scope, "partition" | "region" | "account">;

/** Of a service in the scope's region and account. @param resource for example `volume/*` */
export function arn({ partition, region, account }: Place, service: string, resource: string): string {
	return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

export const ec2 = (scope: Place, ...kinds: readonly string[]) => kinds.map((kind) => arn(scope, "ec2", `${kind}/*`));

/** Roles of the stack. */
export function roles({ partition, account, environment }: Scope): string {
	return `arn:${partition}:iam::${account}:role${iamPath(environment)}*`;
}

export function instanceProfiles({ partition, account, environment }: Scope): string {
	return `arn:${partition}:iam::${account}:instance-profile${iamPath(environment)}*`;
}

/** The bucket of the server, which is named by AWS from the prefix on. */
export function buckets({ partition, environment }: Scope): { bucket: string; objects: string } {
	const bucket = `arn:${partition}:s3:::${namePrefix(environment)}*`;
	return { bucket, objects: `${bucket}/*` };
}

export function parameters(scope: Scope): string {
	return arn(scope, "ssm", `parameter${environmentPath(scope.environment)}/*`);
}

export function documents(scope: Scope): string {
	return arn(scope, "ssm", `document/${namePrefix(scope.environment)}*`);
}

export function logGroups(scope: Scope): string {
	return arn(scope, "logs", `log-group:${environmentPath(scope.environment)}/*`);
}

export function alarms(scope: Scope): string {
	return arn(scope, "cloudwatch", `alarm:${namePrefix(scope.environment)}*`);
}

export function topics(scope: Scope): string {
	return arn(scope, "sns", namePrefix(scope.environment).concat("*"));
}

export function lifecyclePolicies(scope: Scope): string {
	return arn(scope, "dlm", "policy/*");
}

/** What is made gets the environment's tag with the request that makes it. */
export function made({ environment }: Scope): Conditions {
	return { StringEquals: { [`aws:RequestTag/${ENVIRONMENT_TAG}`]: environment } };
}

/** What is there has the environment's tag. */
export function ours({ environment }: Scope): Conditions {
	return { StringEquals: { [`aws:ResourceTag/${ENVIRONMENT_TAG}`]: environment } };
}
