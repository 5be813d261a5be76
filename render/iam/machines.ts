import { ENVIRONMENT_TAG, SNAPSHOT_TAG } from "../../topology/aws-names";
import type { Scope, Statement } from "./model";
import { arn, ec2, made, ours } from "./names";

/** Rights on machines, disks and the network, by the tag of the environment: EC2 gives names to nothing. */
export function machines(scope: Scope): Statement[] {
	const { network, volumes } = scope.hub;
	const own = network === undefined;
	const make = [...MAKE, ...(volumes ? MAKE_VOLUMES : []), ...(own ? MAKE_NETWORK : [])];
	const kinds = [...MADE, ...(own ? MADE_NETWORK : [])];
	return [
		{
			sid: "Look",
			actions: [...LOOK, ...(own ? [] : LOOK_AT_GIVEN_NETWORK)],
			resources: ["*"],
			reason: "What the provider asks. AWS narrows none of these to a resource, so everybody's are listed.",
		},
		{
			sid: "LookClosely",
			actions: ["ec2:DescribeInstanceAttribute", ...(own ? ["ec2:DescribeVpcAttribute"] : [])],
			resources: ec2(scope, "instance", ...(own ? ["vpc"] : [])),
			conditions: ours(scope),
			reason: "User-data and attributes of this environment's machines and network; others' may hold what is not ours.",
		},
		{
			sid: "MakeWithOurTag",
			actions: make,
			resources: ec2(scope, ...kinds),
			conditions: made(scope),
			reason: "Everything is made with the tag, in the request that makes it.",
		},
		...(own ? inOurNetwork(scope) : inTheirNetwork(scope)),
		{
			sid: "FirewallOfTheCards",
			actions: ["ec2:CreateNetworkInterface", "ec2:RunInstances"],
			resources: ec2(scope, "security-group"),
			conditions: ours(scope),
			reason: "Cards and machines behind this environment's security group.",
		},
		{
			sid: "BootTheImage",
			actions: ["ec2:RunInstances"],
			resources: [`arn:${scope.partition}:ec2:${scope.region}::image/${image(scope)}`],
			...(image(scope) === "*" && { conditions: { StringEquals: { "ec2:Owner": "amazon" } } }),
			reason: "The image of the settings, or one of Amazon's.",
		},
		{
			sid: "BootOnOurCards",
			actions: ["ec2:RunInstances"],
			resources: ec2(scope, "network-interface"),
			reason:
				"A node boots on the card that is waiting for it, of which this action knows no tag. The subnet and the group of the card are asked for as well, and those must be this environment's.",
		},
		{
			sid: "RootDisksAreEncrypted",
			actions: ["ec2:RunInstances"],
			resources: ec2(scope, "volume"),
			conditions: { Bool: { "ec2:Encrypted": "true" } },
			reason: "The disk that a machine boots from.",
		},
		{
			sid: "TagWhatIsBeingMade",
			actions: ["ec2:CreateTags"],
			resources: ec2(scope, ...kinds),
			conditions: {
				StringEquals: {
					[`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment,
					"ec2:CreateAction": make.map((action) => action.replace("ec2:", "")).sort(),
				},
			},
			reason: "Tags come with what is made, and with nothing that is there already: who may tag may take.",
		},
		{
			sid: "TagWhatIsOurs",
			actions: ["ec2:CreateTags"],
			resources: [arn(scope, "ec2", "*/*")],
			conditions: {
				...ours(scope),
				StringEqualsIfExists: {
					[`aws:RequestTag/${ENVIRONMENT_TAG}`]: scope.environment,
					[`aws:RequestTag/${SNAPSHOT_TAG}`]: scope.environment,
				},
			},
			reason: "The settings' `tags` change. Nothing is given to another environment, nor put before its snapshots.",
		},
		{
			sid: "UntagWhatIsOurs",
			actions: ["ec2:DeleteTags"],
			resources: [arn(scope, "ec2", "*/*")],
			conditions: {
				...ours(scope),
				"ForAllValues:StringNotEquals": { "aws:TagKeys": [ENVIRONMENT_TAG] },
				Null: { "aws:TagKeys": "false" },
			},
			reason: "Any tag but the environment's, by name: a request that names none would take all.",
		},
		{
			sid: "ChangeAndDeleteWhatIsOurs",
			actions: [...CHANGE, ...(volumes ? CHANGE_VOLUMES : []), ...(own ? CHANGE_NETWORK : [])],
			resources: [arn(scope, "ec2", "*/*")],
			conditions: ours(scope),
			reason: "Only what carries the environment's tag: machines, disks, cards, addresses, firewall and network.",
		},
	];
}

function inOurNetwork(scope: Scope): Statement[] {
	return [
		{
			sid: "MakeInOurNetwork",
			actions: ["ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet"],
			resources: ec2(scope, "vpc"),
			conditions: ours(scope),
			reason: "Parts of the network that this environment has made.",
		},
		{
			sid: "PlaceInOurNetwork",
			actions: ["ec2:CreateNetworkInterface", "ec2:RunInstances"],
			resources: ec2(scope, "subnet"),
			conditions: ours(scope),
			reason: "Cards and machines in this environment's subnets.",
		},
		{
			sid: "EmptyTheDefaultGroup",
			actions: ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
			resources: ec2(scope, "security-group"),
			conditions: { Null: { [`aws:ResourceTag/${ENVIRONMENT_TAG}`]: "true" } },
			reason:
				"A network comes with a security group that has rules and no tag; they are taken away. AWS cannot tell it from another group without the tag, so rules of such a group, though nothing else of it, can be taken away as well. With a network that exists the statement is not made.",
		},
	];
}

function inTheirNetwork(scope: Scope): Statement[] {
	const { vpcId = "", subnetIds = [] } = scope.hub.network ?? {};
	return [
		{
			sid: "MakeInTheNetwork",
			actions: ["ec2:CreateSecurityGroup"],
			resources: [arn(scope, "ec2", `vpc/${vpcId}`)],
			reason: "The hub's security group in the network of the settings.",
		},
		{
			sid: "PlaceInTheNetwork",
			actions: ["ec2:CreateNetworkInterface", "ec2:RunInstances"],
			resources: subnetIds.map((id) => arn(scope, "ec2", `subnet/${id}`)),
			reason: "Cards and machines in the subnets of the settings.",
		},
	];
}

/** An id is one image; of a name only Amazon's are looked up. */
function image({ hub }: Scope): string {
	return hub.image.startsWith("ami-") ? hub.image : "*";
}

const list = (names: string) => names.split(/\s+/).map((name) => `ec2:${name}`);

const LOOK = list(
	`DescribeAccountAttributes DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones
	DescribeIamInstanceProfileAssociations DescribeImages DescribeInstanceCreditSpecifications DescribeInstanceStatus
	DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeInternetGateways DescribeNetworkAcls
	DescribeNetworkInterfaces DescribeRegions DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups
	DescribeSubnets DescribeTags DescribeVolumes DescribeVolumesModifications DescribeVpcs GetInstanceMetadataDefaults`,
);
const LOOK_AT_GIVEN_NETWORK = list("DescribeVpcAttribute");
const MAKE = list(
	`AllocateAddress AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateNetworkInterface CreateSecurityGroup
	RunInstances`,
);
const MAKE_VOLUMES = list("CreateVolume");
const MAKE_NETWORK = list("CreateInternetGateway CreateRouteTable CreateSubnet CreateVpc");
const MADE = ["elastic-ip", "instance", "network-interface", "security-group", "security-group-rule", "volume"];
const MADE_NETWORK = ["internet-gateway", "route-table", "subnet", "vpc"];
const CHANGE = list(
	`AssociateAddress AssociateIamInstanceProfile AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress
	DeleteNetworkInterface DeleteSecurityGroup DetachNetworkInterface DisassociateAddress DisassociateIamInstanceProfile
	ModifyInstanceAttribute ModifyInstanceCreditSpecification ModifyInstanceMetadataOptions
	ModifyNetworkInterfaceAttribute ModifySecurityGroupRules ReleaseAddress ReplaceIamInstanceProfileAssociation
	RevokeSecurityGroupEgress RevokeSecurityGroupIngress StartInstances StopInstances TerminateInstances`,
);
const CHANGE_VOLUMES = list("AttachVolume DeleteVolume DetachVolume ModifyVolume");
const CHANGE_NETWORK = list(
	`AssociateRouteTable AttachInternetGateway CreateRoute DeleteInternetGateway DeleteRoute DeleteRouteTable DeleteSubnet
	DeleteVpc DetachInternetGateway DisassociateRouteTable ModifySubnetAttribute ModifyVpcAttribute ReplaceRoute
	ReplaceRouteTableAssociation`,
);
