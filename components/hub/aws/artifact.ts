import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { namePrefix } from "../../../topology/aws-names";
import { document } from "./machine";
import type { Tagger } from "./naming";

export interface ArtifactArgs {
	/** The server for the nodes' processor. */
	readonly binary: { readonly path: string; readonly sha256: string; readonly version: string };
	readonly environment: string;
	readonly tags: Tagger;
}

export interface Artifact {
	readonly bucketArn: pulumi.Output<string>;
	/** `s3://…`; another binary has another one. */
	readonly url: pulumi.Output<string>;
	readonly object: pulumi.Resource;
}

/** A private bucket with the server that nodes run, under the hash of its content. */
export function createArtifact(
	name: string,
	{ binary, environment, tags }: ArtifactArgs,
	opts: pulumi.CustomResourceOptions,
): Artifact {
	const bucket = new s3.Bucket(
		name,
		// Everything in it can be made again.
		{ bucketPrefix: namePrefix(environment), forceDestroy: true, tags: tags(name) },
		opts,
	);
	const shut = new s3.BucketPublicAccessBlock(
		name,
		{
			bucket: bucket.id,
			blockPublicAcls: true,
			blockPublicPolicy: true,
			ignorePublicAcls: true,
			restrictPublicBuckets: true,
		},
		opts,
	);
	new s3.BucketPolicy(name, { bucket: bucket.id, policy: bucket.arn.apply(onlyByTls) }, { ...opts, dependsOn: shut });
	// A plus sign in a URL is a space to some.
	const key = `nats-server/${binary.version.replace("+", "-")}/${binary.sha256}`;
	const object = new s3.BucketObjectv2(
		name,
		{
			bucket: bucket.id,
			key,
			source: new pulumi.asset.FileAsset(binary.path),
			serverSideEncryption: "AES256",
			// No tags: an object takes ten of them, and everything else fifty.
		},
		// The one before stays until every node has the new one.
		{ ...opts, dependsOn: shut },
	);
	return { bucketArn: bucket.arn, url: pulumi.interpolate`s3://${bucket.id}/${key}`, object };
}

function onlyByTls(arn: string): string {
	return document([
		{
			Effect: "Deny",
			Principal: { AWS: "*" },
			Action: "s3:*",
			Resource: [arn, `${arn}/*`],
			Condition: { Bool: { "aws:SecureTransport": "false" } },
		},
	]);
}
