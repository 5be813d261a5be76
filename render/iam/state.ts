import type { Conditions, Scope, StateFacts, Statement } from "./model";
import { arn } from "./names";

/** Rights on the state of one stack in a bucket, as the engine lays it out (Pulumi's pkg/backend/diy, 3.259). */

/** Who previews. @returns none with Pulumi Cloud */
export function readState(scope: Scope): Statement[] {
	const { state } = scope;
	if (!state) return openSecrets(scope, ["kms:Decrypt"]);
	return [
		...findState(scope, state),
		{
			sid: "ReadTheState",
			actions: ["s3:GetObject"],
			resources: [...files(scope, state), ...folders(scope, state)],
			reason: "The state of this stack and no other one's: it holds the keys of the environment.",
		},
		...openSecrets(scope, ["kms:Decrypt"]),
	];
}

/** Who deploys. */
export function writeState(scope: Scope): Statement[] {
	const { state } = scope;
	const secrets = openSecrets(scope, ["kms:Decrypt", "kms:Encrypt"]);
	if (!state) return secrets;
	return [
		...findState(scope, state),
		{
			sid: "ReadAndWriteTheState",
			actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
			resources: [...files(scope, state), ...folders(scope, state)],
			reason: "The state of this stack, its history, its backups and its lock, and no other one's.",
		},
		...secrets,
	];
}

function findState(scope: Scope, state: StateFacts): Statement[] {
	const bucket = `arn:${scope.partition}:s3:::${state.bucket}`;
	return [
		{
			sid: "FindTheState",
			actions: ["s3:GetBucketLocation", "s3:ListBucket"],
			resources: [bucket],
			reason:
				"The engine looks for stacks by name; with a condition on the prefix S3 would answer 403 and not 404 for a file that is not there yet.",
		},
		{
			sid: "ReadTheLayoutOfTheState",
			actions: ["s3:GetObject"],
			resources: [`${bucket}/${root(state)}meta.yaml`],
			reason:
				"Which layout the bucket has. It is every environment's, so none may write it: the first login makes it, by a person.",
		},
	];
}

/** Names of the files by themselves: `prod.*` would be the state of a stack `prod.eu` as well. */
function files({ partition, environment }: Scope, state: StateFacts): string[] {
	const stack = `arn:${partition}:s3:::${state.bucket}/${root(state)}stacks/${state.project}/${environment}`;
	const written = [".json", ".json.gz", ".json.zst"].flatMap((ending) => [ending, `${ending}.bak`]);
	return [...written, ".pulumi-tags"].map((ending) => `${stack}${ending}`);
}

function folders({ partition, environment }: Scope, state: StateFacts): string[] {
	const at = `arn:${partition}:s3:::${state.bucket}/${root(state)}`;
	const own = `${state.project}/${environment}/*`;
	return [`${at}history/${own}`, `${at}backups/${own}`, `${at}locks/organization/${own}`];
}

function root({ folder }: StateFacts): string {
	return folder === undefined ? ".pulumi/" : `${folder}/.pulumi/`;
}

function openSecrets(scope: Scope, actions: readonly string[]): Statement[] {
	const { stateKey } = scope;
	if (stateKey === undefined) return [];
	const alias = stateKey.startsWith("alias/");
	// An alias is no resource of these actions: the key must carry it.
	const carries: Conditions = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": stateKey } };
	return [
		{
			sid: "OpenTheSecretsOfTheState",
			actions,
			resources: [alias ? arn(scope, "kms", "key/*") : stateKey],
			...(alias && { conditions: carries }),
			reason: "The key of the state's secrets. Give each environment one of its own.",
		},
	];
}
