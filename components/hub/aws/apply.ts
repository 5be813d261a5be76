import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface ApplyArgs {
	/** The node. Another instance in its place takes everything anew; the resource stays. */
	readonly instanceId: pulumi.Input<string>;
	/** Name of the SSM document that the node runs. */
	readonly document: pulumi.Input<string>;
	/** The stack's, for example `eu-central-1`. */
	readonly region: pulumi.Input<string>;
	/** The stack's `aws:profile`. @default the credentials of whoever runs `pulumi up` */
	readonly profile?: string | undefined;
	/** What the node must take, `generationOf` its parameters: another one runs the document. */
	readonly generation: pulumi.Input<string>;
	/** Hash of the document: a new script is installed as well. */
	readonly script: pulumi.Input<string>;
	/** More variables, for example ONLINE_WITHIN_SECONDS. Never secret. @default none */
	readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Runs the document on the node whenever something that concerns it has changed, and waits until the node is healthy
 * with it. What depends on the resource, the next node's above all, comes after that. Deleting it does nothing.
 */
export function createApply(name: string, args: ApplyArgs, opts?: pulumi.CustomResourceOptions): local.Command {
	const { instanceId, document, region, profile, generation, script, environment = {} } = args;
	const apply = `node ${path.relative(process.cwd(), path.join(__dirname, "run-command", "main.js"))}`;
	return new local.Command(
		name,
		{
			create: apply,
			update: apply,
			environment: {
				...environment,
				INSTANCE_ID: instanceId,
				DOCUMENT: document,
				AWS_REGION: region,
				...(profile ? { AWS_PROFILE: profile } : {}),
				// A secret's hash is no secret, and would hide the whole map.
				GENERATION: pulumi.unsecret(pulumi.output(generation)),
				// Read by nobody: another one is a change, and a change runs the document.
				SCRIPT: script,
			},
			addPreviousOutputInEnv: false,
			// What has failed stands in the error anyway.
			logging: "stdout",
		},
		opts,
	);
}
