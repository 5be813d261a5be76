import { namePrefix } from "../../../../../topology/aws-names";
import type { Seen } from "../../../../aws/deploy";
import type { Request, Target } from "../evaluate";

/**
 * Which requests the AWS provider makes for a resource. `source` is the file of hashicorp/terraform-provider-aws, below
 * internal/service, that makes them; Pulumi's provider is built from it. Four of these files were read:
 * ec2/ec2_instance.go, sns/topic_subscription.go, ssm/document.go and s3/bucket.go. The requests of all others were
 * written from knowledge of the provider, and hold as far as that does.
 */
export interface ResourceCalls {
	readonly source: string;
	readonly create: readonly Request[];
	/** After creating, on refresh, and on import. */
	readonly read: readonly Request[];
	/** Of every property that can change in place. */
	readonly update: readonly Request[];
	readonly delete: readonly Request[];
}

/** A resource of the program, and around it the environment that it is in. */
export interface Subject {
	readonly seen: Seen;
	readonly world: AccountOf;
}

export type CallsOf = (subject: Subject) => ResourceCalls;

/** An environment in an account, with the ARNs of what it has. */
export class AccountOf {
	readonly account = "123456789012";
	readonly region = "eu-central-1";

	constructor(
		readonly environment: string,
		readonly boundary: string,
		/** Subnets and network of the user's, which carry no tag. */
		readonly given?: { readonly vpcId: string; readonly subnetId: string },
	) {}

	/** How names of the environment begin. */
	get bucketPrefix(): string {
		return namePrefix(this.environment);
	}

	/** Of a stack with a mail address. */
	get topic(): string {
		return this.arn("sns", `${namePrefix(this.environment)}hub-0123456789abcdef`);
	}

	get tag(): Record<string, string> {
		return { "leafline:environment": this.environment };
	}

	arn(service: string, resource: string): string {
		return `arn:aws:${service}:${this.region}:${this.account}:${resource}`;
	}

	/** Something of EC2's that is there, with the environment's tag. */
	own(kind: string, keys?: Target["keys"]): Target {
		return { arn: this.arn("ec2", `${kind}/${kind}-of-${this.environment}`), tags: this.tag, ...(keys && { keys }) };
	}

	/** What a request makes has no tag yet. */
	made(kind: string, keys?: Target["keys"]): Target {
		return { arn: this.arn("ec2", `${kind}/*`), ...(keys && { keys }) };
	}

	get vpc(): Target {
		return this.given ? { arn: this.arn("ec2", `vpc/${this.given.vpcId}`) } : this.own("vpc");
	}

	get subnet(): Target {
		return this.given ? { arn: this.arn("ec2", `subnet/${this.given.subnetId}`) } : this.own("subnet");
	}

	/** A role of the stack. Its boundary is a key of requests about it. */
	role(name: string): Target {
		const keys = { "iam:PermissionsBoundary": this.boundary };
		return { arn: `arn:aws:iam::${this.account}:role/leafline/${this.environment}/${name}`, tags: this.tag, keys };
	}

	profile(name: string): Target {
		return {
			arn: `arn:aws:iam::${this.account}:instance-profile/leafline/${this.environment}/${name}`,
			tags: this.tag,
		};
	}
}

/** A request; targets may be left out where the action knows no resource. */
export function call(action: string, targets: readonly Target[] = [], keys: Request["keys"] = {}): Request {
	return { action, targets, keys };
}

/** Tags in a request. */
export function tagging(tags: unknown): Record<string, string> {
	const given = Object.entries((tags ?? {}) as Record<string, string>);
	return Object.fromEntries(given.map(([key, value]) => [`aws:RequestTag/${key}`, value]));
}

/** EC2 asks for the right to tag where tags come with what is made. */
export function tagged(action: string, target: Target, tags: unknown): Request {
	return call("ec2:CreateTags", [target], { ...tagging(tags), "ec2:CreateAction": action });
}

/** Tags that change later: those that are new, and those that are gone. */
export function retagging(target: Target): Request[] {
	return [
		call("ec2:CreateTags", [target], { "aws:RequestTag/team": "mine" }),
		call("ec2:DeleteTags", [target], { "aws:TagKeys": ["team"] }),
	];
}
