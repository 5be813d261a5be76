import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import type { AwsSettings } from "../../config/aws-model";
import { ConfigError } from "../../config/errors";
import { locateProblems } from "../../config/report";
import { parseSettings } from "../../config/settings";
import { readStackFile, stackFiles } from "../../config/stack-file";
import type { Scope, StateFacts } from "../../render/iam/model";
import { boundaryArn, hubFacts, partitionOf } from "../../render/iam/scope";
import { UserError } from "../errors";
import { type IamFlags, matching } from "./options";

export interface FoundScope extends Scope {
	/** The boundary that the settings name. */
	readonly named: string | undefined;
}

/**
 * What the policies are about, from the stack's settings and, where those do not say it, from the command line.
 * @param root the project's folder
 * @throws UserError or ConfigError when something is missing or does not fit together
 */
export function readScope(root: string, flags: IamFlags, env: NodeJS.ProcessEnv): FoundScope {
	const stack = flags.stack.split("/").at(-1) ?? "";
	const read = /^[\w.-]{1,100}$/.test(stack) ? readStackFile(root, stack) : undefined;
	if (!read) throw new UserError(`there is no stack ${flags.stack}: ${stackFiles(stack)[0]} does not exist`);
	if (read.problems.length > 0) throw new ConfigError(read.problems);
	// The fleet decides nothing here.
	const { settings, problems } = parseSettings(stack, { fleet: "fleet.yaml", ...read.raw });
	if (!settings) throw new ConfigError(locateProblems(problems, { settingsFile: resolve(root, read.file) }));
	const { aws } = settings.hub;
	if (aws === undefined) throw new UserError(`the hub of ${flags.stack} is not on AWS: it needs no roles there`);

	const region = matching(
		"--region",
		flags.region ?? read.region ?? missing("--region", `${read.file} has no aws:region`, "eu-central-1"),
		/^[a-z]{2}(-[a-z]+)+-\d$/,
		"eu-central-1",
	);
	const account = accountOf(flags, aws);
	const place = { partition: partitionOf(region), region, account, environment: settings.environment };
	const state = stateOf(root, flags, env);
	const stateKey = keyOf(flags, secretsProvider(root, read.file), place);
	return {
		...place,
		boundary: aws.permissionsBoundary ?? boundaryArn(place),
		named: aws.permissionsBoundary,
		hub: hubFacts(settings.hub, aws),
		...(state && { state }),
		...(stateKey !== undefined && { stateKey }),
	};
}

/** The account of the ARNs in the settings, where there are any. */
function accountOf({ account }: IamFlags, { permissionsBoundary, kmsKeyId, alarms }: AwsSettings): string {
	const topic = alarms && "topicArn" in alarms ? alarms.topicArn : undefined;
	const own = permissionsBoundary?.split(":")[4];
	if (account === undefined) {
		if (own !== undefined && /^\d{12}$/.test(own)) return own;
		const known = [kmsKeyId, topic].flatMap((arn) => arn?.split(":")[4] ?? []);
		const example = known[0] ?? "123456789012";
		return missing("--account", "the settings do not say which account", example);
	}
	matching("--account", account, /^\d{12}$/, "123456789012");
	if (own === undefined || own === account || own === "aws") return account;
	throw new UserError(
		`--account ${account}: leafline:hub.aws.permissionsBoundary is in the account ${own}; one of them is wrong`,
	);
}

/** @returns undefined where no bucket of S3 has it */
function stateOf(root: string, { backend }: IamFlags, env: NodeJS.ProcessEnv): StateFacts | undefined {
	const { name, backend: own } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
		name: string;
		backend?: { url?: string };
	};
	const url = backend ?? own?.url ?? env.PULUMI_BACKEND_URL;
	if (url === undefined || (backend === undefined && !url.startsWith("s3://"))) return undefined;
	const [, bucket = "", path = ""] =
		/^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[^?]*)?)(?:\?.*)?$/.exec(url) ??
		wrong(`--backend ${url}: is no bucket of S3; write for example --backend s3://acme-pulumi-state`);
	if (/^leafline-.*--/.test(bucket)) {
		throw new UserError(
			`--backend ${url}: ${bucket} is named as the stacks' own buckets are, which deployments may change and delete; ` +
				"keep the state in a bucket whose name begins otherwise, for example acme-pulumi-state",
		);
	}
	const folder = path.replace(/^\/+|\/+$/g, "");
	return { bucket, project: name, ...(folder !== "" && { folder }) };
}

type Place = Pick<Scope, "partition" | "region" | "account">;

/** Of the option, else of `secretsprovider` in the settings. */
function keyOf({ stateKey }: IamFlags, provider: string | undefined, place: Place): string | undefined {
	if (stateKey !== undefined) {
		return matching(
			"--state-key",
			stateKey,
			/^(alias\/[\w/-]+|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+)$/,
			"alias/leafline-prod-state",
		);
	}
	const [, key] = /^awskms:\/\/\/?([^?]+)/.exec(provider ?? "") ?? [];
	if (key === undefined || key.startsWith("alias/")) return key;
	if (!key.startsWith("arn:")) return `arn:${place.partition}:kms:${place.region}:${place.account}:key/${key}`;
	const [, alias] = /:(alias\/.+)$/.exec(key) ?? [];
	return alias ?? key;
}

function missing(option: string, why: string, example: string): never {
	throw new UserError(`${option} is missing, and ${why}; write for example ${option} ${example}`);
}

function wrong(message: string): never {
	throw new UserError(message);
}

/** What encrypts the secrets of the state, as the engine notes it beside the settings. */
function secretsProvider(root: string, file: string): string | undefined {
	const { secretsprovider } = parse(readFileSync(join(root, file), "utf8")) as { secretsprovider?: string };
	return secretsprovider;
}
