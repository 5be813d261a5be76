import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { iamPath, MANAGED_POLICIES } from "../../../topology/aws-names";
import type { Tagger } from "./naming";

/** Where the stack is deployed. */
export interface Account {
	/** `aws`, `aws-cn`, `aws-us-gov`. */
	readonly partition: pulumi.Output<string>;
	readonly region: pulumi.Output<string>;
	readonly id: pulumi.Output<string>;
}

export function lookUpAccount(opts: pulumi.InvokeOptions): Account {
	return {
		partition: getPartitionOutput({}, opts).partition,
		region: getRegionOutput({}, opts).region,
		id: getCallerIdentityOutput({}, opts).accountId,
	};
}

export interface MachineArgs {
	readonly account: Account;
	/** Prefix of the parameters that a node may read, for example `/leafline/prod/hub`. */
	readonly parameters: string;
	/** ARN of the bucket with the server's binary. */
	readonly bucketArn: pulumi.Input<string>;
	readonly logGroupArn: pulumi.Input<string>;
	/** ARN of the key of the secrets. @default the account's own for SSM, which needs no permission */
	readonly kmsKeyId?: string;
	/** @default none */
	readonly permissionsBoundary?: string;
	/** Namespace of the metrics that a node may write. */
	readonly metrics: string;
	readonly environment: string;
	readonly tags: Tagger;
}

export interface Machine {
	readonly profile: pulumi.Output<string>;
	/** What nodes wait for: without it their first requests are refused. */
	readonly ready: readonly pulumi.Resource[];
}

/** Who the nodes are to AWS: they read their own parameters and binary, write their own logs and metrics, no more. */
export function createMachineIdentity(name: string, args: MachineArgs, opts: pulumi.CustomResourceOptions): Machine {
	const { account, environment, tags, permissionsBoundary } = args;
	const path = iamPath(environment);
	const role = new iam.Role(
		name,
		{
			// Who deploys an environment may make and pass roles below its path only.
			path,
			description: "Nodes of the hub",
			...(permissionsBoundary !== undefined && { permissionsBoundary }),
			assumeRolePolicy: document([
				{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
			]),
			tags: tags(name),
		},
		opts,
	);
	const own = new iam.RolePolicy(name, { role: role.id, policy: statements(args) }, opts);
	// Run Command and Session Manager, in place of SSH.
	const agent = new iam.RolePolicyAttachment(
		`${name}-agent`,
		{
			role: role.name,
			policyArn: pulumi.interpolate`arn:${account.partition}:iam::aws:policy/${MANAGED_POLICIES.agent}`,
		},
		opts,
	);
	const profile = new iam.InstanceProfile(name, { path, role: role.name, tags: tags(name) }, opts);
	return { profile: profile.name, ready: [own, agent] };
}

interface Statement {
	readonly Effect: "Allow" | "Deny";
	readonly Action: string | readonly string[];
	readonly Resource?: string | readonly string[];
	readonly NotResource?: string | readonly string[];
	readonly Principal?: object;
	readonly Condition?: object;
}

function statements(args: MachineArgs): pulumi.Output<string> {
	const { account, parameters, bucketArn, logGroupArn, kmsKeyId, metrics } = args;
	const facts = { ...account, bucket: bucketArn, logs: logGroupArn };
	return pulumi.output(facts).apply(({ partition, region, id, bucket, logs }) => {
		const allow = (Action: string | string[], Resource: string, Condition?: object): Statement => {
			return { Effect: "Allow", Action, Resource, ...(Condition && { Condition }) };
		};
		// AmazonSSMManagedInstanceCore lets a node read every parameter of the account: all but its own are taken back.
		const own = `arn:${partition}:ssm:${region}:${id}:parameter${parameters}`;
		return document([
			allow(["ssm:GetParametersByPath", "ssm:GetParameters", "ssm:GetParameter"], `${own}/*`),
			{
				Effect: "Deny",
				Action: ["ssm:GetParametersByPath", "ssm:GetParameters", "ssm:GetParameter", "ssm:GetParameterHistory"],
				NotResource: [own, `${own}/*`],
			},
			allow("s3:GetObject", `${bucket}/*`),
			allow(["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], `${logs}:*`),
			allow("cloudwatch:PutMetricData", "*", { StringEquals: { "cloudwatch:namespace": metrics } }),
			// Only through Systems Manager.
			...(kmsKeyId === undefined
				? []
				: [allow("kms:Decrypt", kmsKeyId, { StringEquals: { "kms:ViaService": `ssm.${region}.amazonaws.com` } })]),
		]);
	});
}

/** A policy document, always the same text for the same statements. */
export function document(statements: readonly Statement[]): string {
	return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
