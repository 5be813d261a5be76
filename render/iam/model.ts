/** What an IAM policy says, as typed data; `document.ts` makes the text that AWS takes. */

export type Operator =
	| "StringEquals"
	| "StringEqualsIfExists"
	| "StringLike"
	| "ArnEquals"
	| "ArnLike"
	| "Bool"
	| "Null"
	| "ForAllValues:StringEquals"
	| "ForAllValues:StringLike"
	| "ForAllValues:StringNotEquals"
	| "ForAnyValue:StringEquals";

/** Everything in it must hold; of the values of one key, any. */
export type Conditions = Readonly<Partial<Record<Operator, Readonly<Record<string, string | readonly string[]>>>>>;

export type Principal = { readonly Federated: string } | { readonly AWS: readonly string[] };

export interface Statement {
	/** Letters and digits, once in a policy. */
	readonly sid: string;
	/** @default "Allow" */
	readonly effect?: "Allow" | "Deny";
	readonly actions: readonly string[];
	/** Absent in a trust policy, whose resource is its role. */
	readonly resources?: readonly string[];
	/** Who; of a trust policy alone. */
	readonly principal?: Principal;
	readonly conditions?: Conditions;
	/** Why it is there, one sentence for the page about the policies. */
	readonly reason: string;
}

/** What the policies of an environment are about. */
export interface Scope {
	/** `aws`, `aws-cn`, `aws-us-gov`. */
	readonly partition: string;
	/** For example `eu-central-1`. */
	readonly region: string;
	/** 12 digits. */
	readonly account: string;
	/** The stack. */
	readonly environment: string;
	/** ARN of what no role of the stack may go beyond. */
	readonly boundary: string;
	readonly hub: HubFacts;
	/** Where the state is; absent with Pulumi Cloud, which needs no rights in AWS. */
	readonly state?: StateFacts;
	/** What opens the secrets of the state: the key's ARN, or an alias. Absent with a passphrase or Pulumi Cloud. */
	readonly stateKey?: string;
}

/** What of the stack's settings decides which rights are needed. */
export interface HubFacts {
	/** Ids of a network that exists; absent: leafline makes one. */
	readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] };
	/** Of Route 53, and the names that devices use. */
	readonly dns?: { readonly zoneId: string; readonly names: readonly string[] };
	/** ARN of a topic that exists, or `own` for one with a mail address. */
	readonly topic?: string;
	/** ARN of a key of the user's own for volumes and secrets. */
	readonly kmsKeyId?: string;
	/** Data volumes and their snapshots. */
	readonly volumes: boolean;
	readonly snapshots: boolean;
	/** AMI id, or the exact name of one of Amazon's. */
	readonly image: string;
}

/** State in a bucket. */
export interface StateFacts {
	readonly bucket: string;
	/** Folder in the bucket, without slashes around it. @default none */
	readonly folder?: string;
	/** Of Pulumi.yaml. */
	readonly project: string;
}
