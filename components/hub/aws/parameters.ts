import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { generationOf } from "../../../render/node/parameters";
import type { Tagger } from "./naming";

/** A file that a node fetches. */
export interface NodeFile {
	readonly content: pulumi.Input<string>;
	/** Stored as SecureString, and secret in the state. @default false */
	readonly secret?: boolean;
}

export interface ParametersArgs {
	/** The node's, for example `/leafline/prod/hub/1`. */
	readonly path: string;
	/** By name below the path. */
	readonly files: Readonly<Record<string, NodeFile>>;
	/** Key of the secrets. @default the account's own for SSM */
	readonly kmsKeyId?: string;
	readonly tags: Tagger;
}

export interface NodeParameters {
	/** What the node calls them: another one when it has something to take. It tells nothing of the secrets. */
	readonly generation: pulumi.Output<string>;
	readonly resources: readonly pulumi.Resource[];
}

/** What a node is to be, in Systems Manager, one parameter a file. User-data holds none of it. */
export function createParameters(
	name: string,
	{ path, files, kmsKeyId, tags }: ParametersArgs,
	opts: pulumi.CustomResourceOptions,
): NodeParameters {
	const resources = Object.entries(files).map(([file, { content, secret = false }]) => {
		const key = `${name}-${file}`;
		const value = secret
			? {
					type: "SecureString",
					value: pulumi.secret(content),
					...(kmsKeyId !== undefined && { keyId: kmsKeyId }),
				}
			: { type: "String", insecureValue: content };
		return new ssm.Parameter(
			key,
			// Standard up to 4 KiB, which costs nothing, and advanced beyond.
			{ name: `${path}/${file}`, ...value, tier: "Intelligent-Tiering", tags: tags(key) },
			opts,
		);
	});
	const contents = Object.fromEntries(Object.entries(files).map(([file, { content }]) => [file, content]));
	return { generation: pulumi.unsecret(pulumi.output(contents).apply(generationOf)), resources };
}
