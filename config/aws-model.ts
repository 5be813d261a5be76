/** The settings of a hub on AWS (`leafline:hub.aws`), every default filled in. */
export interface AwsSettings {
	/**
	 * The image of the nodes: an AMI id, or the exact name of one of Amazon's, which is the same in every region. Never
	 * "the latest": a new image replaces the nodes.
	 * @default the Amazon Linux 2023 that leafline was made with, for the processor of `instanceType`
	 */
	readonly image: string;
	/** @default the smallest m7g that sustains what the fleet sends, catching up included */
	readonly instanceType?: string;
	/** @default of AWS's types as `topology/instance-types.json` has them */
	readonly baseline?: AwsBaseline;
	/** `instance-store` is gone when an instance stops: three nodes only. @default "ebs" */
	readonly storage: "ebs" | "instance-store";
	/** @default a network of its own, 10.74.0.0/16 */
	readonly network: OwnNetwork | GivenNetwork;
	/** @default none: devices connect to the elastic addresses */
	readonly dns?: AwsDns;
	/** Security groups in the same network whose members may use the client port, by TLS. @default none */
	readonly readers: readonly string[];
	/** Who is told when a node or its volume is in trouble. @default nobody; the alarms are there all the same */
	readonly alarms?: { readonly email: string } | { readonly topicArn: string };
	/** Of the data volumes; `keep: 0` makes none. @default every 24 h, 7 kept */
	readonly snapshots: { readonly everyHours: number; readonly keep: number };
	/** ARN of the key for volumes and secrets. @default the account's own keys for EBS and SSM */
	readonly kmsKeyId?: string;
	/** ARN of a policy that the stack's roles cannot go beyond (docs/iam). @default none */
	readonly permissionsBoundary?: string;
	/** Added to every resource. @default none */
	readonly tags: Readonly<Record<string, string>>;
}

/** What an instance type sustains without bursts. */
export interface AwsBaseline {
	/** Processors that budgets count. */
	readonly processors: number;
	/** To and from EBS. */
	readonly ebsBitsPerSecond: number;
	/** Operations a second to EBS. */
	readonly iops: number;
	readonly networkBitsPerSecond: number;
}

/** A network that leafline makes: a public subnet for each node, each in a zone of its own. */
export interface OwnNetwork {
	/** IPv4 block, /16 to /24. @default "10.74.0.0/16" */
	readonly cidr: string;
	/** One a node. @default the first zones of the region by name */
	readonly zones?: readonly string[];
}

/** Subnets that exist: public, one a node, each in a zone of its own. */
export interface GivenNetwork {
	readonly vpcId: string;
	readonly subnetIds: readonly string[];
}

export interface AwsDns {
	/** Of Route 53, public. */
	readonly zoneId: string;
	/** For example `hub.example.com`; with three nodes, each is also `1.hub.example.com` and so on. */
	readonly name: string;
}
