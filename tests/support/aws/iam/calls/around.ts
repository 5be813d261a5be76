import type { Request } from "../evaluate";
import { type AccountOf, call } from "./model";

/** Requests that are nobody's resource: the provider's own, look-ups of the program, and the engine's on its state. */

/** Before anything else, by the provider's configuration. */
export const CONFIGURE = [call("sts:GetCallerIdentity")];

/** Of a look-up, by its token. */
export function lookUp(token: string, world: AccountOf): Request[] {
	const requests: Record<string, Request[]> = {
		"aws:index/getCallerIdentity:getCallerIdentity": [call("sts:GetCallerIdentity")],
		// Answered by the provider itself.
		"aws:index/getPartition:getPartition": [],
		"aws:index/getRegion:getRegion": [],
		"aws:index/getAvailabilityZones:getAvailabilityZones": [call("ec2:DescribeAvailabilityZones")],
		"aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": [call("ec2:DescribeInstanceTypeOfferings")],
		"aws:ec2/getAmi:getAmi": [call("ec2:DescribeImages")],
		"aws:ec2/getSubnet:getSubnet": [call("ec2:DescribeSubnets")],
		"aws:ec2/getVpc:getVpc": [
			call("ec2:DescribeVpcs"),
			call("ec2:DescribeVpcAttribute", [world.vpc]),
			call("ec2:DescribeRouteTables"),
		],
	};
	const found = requests[token];
	if (!found)
		throw new Error(`it is not known what ${token} asks of AWS; say it in tests/support/aws/iam/calls/around.ts`);
	return found;
}

/**
 * What the provider asks to tell an update from a replacement (`CustomizeDiff`), so in previews as well: whether an
 * instance can be changed to another type.
 */
export const DIFF = [call("ec2:DescribeInstanceTypes")];

/** Where the engine keeps a stack in a bucket: Pulumi's pkg/backend/diy. */
export function stateFiles(bucket: string, project: string, stack: string) {
	const at = `arn:aws:s3:::${bucket}/.pulumi`;
	return {
		bucket: { arn: `arn:aws:s3:::${bucket}` },
		layout: { arn: `${at}/meta.yaml` },
		state: { arn: `${at}/stacks/${project}/${stack}.json` },
		before: { arn: `${at}/stacks/${project}/${stack}.json.bak` },
		history: { arn: `${at}/history/${project}/${stack}/${stack}-1764115200000000000.history.json` },
		backup: { arn: `${at}/backups/${project}/${stack}/${stack}.1764115200000000000.json` },
		lock: { arn: `${at}/locks/organization/${project}/${stack}/0d8a2f.json` },
	};
}

export function readState(files: ReturnType<typeof stateFiles>): Request[] {
	return [
		call("s3:ListBucket", [files.bucket]),
		call("s3:GetObject", [files.layout]),
		call("s3:GetObject", [files.state]),
		call("s3:GetObject", [files.history]),
	];
}

export function writeState(files: ReturnType<typeof stateFiles>): Request[] {
	const { state, before, history, backup, lock } = files;
	return [
		...readState(files),
		...[lock, state, before, history, backup].map((file) => call("s3:PutObject", [file])),
		...[lock, state, before, history, backup].map((file) => call("s3:GetObject", [file])),
		...[lock, state, before].map((file) => call("s3:DeleteObject", [file])),
	];
}
