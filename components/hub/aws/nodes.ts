import * as ec2 from "@pulumi/aws/ec2";
import type * as pulumi from "@pulumi/pulumi";
import type { AwsHubPlan } from "../../../topology/aws";
import type { Tagger } from "./naming";

export interface NodeArgs {
	/** Id of the image. */
	readonly ami: pulumi.Input<string>;
	readonly plan: AwsHubPlan;
	/** The card that outlives the instance, with its addresses and firewall. */
	readonly interfaceId: pulumi.Input<string>;
	readonly profile: pulumi.Input<string>;
	readonly userData: pulumi.Input<string>;
	/** The data volume; absent with instance store. */
	readonly volumeId?: pulumi.Input<string>;
	readonly kmsKeyId?: string;
	readonly tags: Tagger;
}

export interface Node {
	readonly instance: ec2.Instance;
	/** With it, the node has everything to start. */
	readonly ready: pulumi.Resource;
}

/**
 * One machine of the hub. It can be replaced: its addresses are on a card of its own, its messages on a volume of its
 * own, its identity in Systems Manager, so that the next one is the same node.
 */
export function createNode(name: string, args: NodeArgs, opts: pulumi.CustomResourceOptions): Node {
	const { kmsKeyId, tags, volumeId } = args;
	const { instanceType, httpTokens, rootEncrypted } = args.plan;
	const instance = new ec2.Instance(
		name,
		{
			ami: args.ami,
			instanceType,
			primaryNetworkInterface: { networkInterfaceId: args.interfaceId },
			iamInstanceProfile: args.profile,
			userData: args.userData,
			// Credentials of the instance only for who asks as version 2 does, and for no container behind it.
			metadataOptions: { httpEndpoint: "enabled", httpTokens, httpPutResponseHopLimit: 1 },
			rootBlockDevice: {
				encrypted: rootEncrypted,
				volumeType: "gp3",
				...(kmsKeyId !== undefined && { kmsKeyId }),
			},
			// With the request that makes it. Tags of the block device come by a request of their own, and who may tag disks
			// that have no tag yet can take anybody's.
			volumeTags: tags(`${name}-root`),
			// A small type pays nothing beyond its price when it is busy; it becomes slow.
			...(/^t\d/.test(instanceType) && { creditSpecification: { cpuCredits: "standard" } }),
			tags: tags(name),
		},
		{
			...opts,
			// Card and volume can be attached to one instance only.
			deleteBeforeReplace: true,
			// EC2 runs it when an instance is made and never again; a new script reaches the nodes by Run Command.
			// And the provider would put the root disk's tags on the data volume as well.
			ignoreChanges: ["userData", "volumeTags"],
		},
	);
	if (volumeId === undefined) return { instance, ready: instance };
	const attachment = new ec2.VolumeAttachment(
		name,
		{
			// The kernel names it as it likes; nodes find it by its serial number.
			deviceName: "/dev/sdf",
			instanceId: instance.id,
			volumeId,
			// The end of the instance lets go of it, after the server has stopped in good order. To stop an instance
			// first fails once it is gone, and an update that was interrupted there could not be finished.
			skipDestroy: true,
		},
		{ ...opts, deleteBeforeReplace: true },
	);
	return { instance, ready: attachment };
}
