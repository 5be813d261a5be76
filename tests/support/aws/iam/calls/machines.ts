import type { Request } from "../evaluate";
import { type AccountOf, type CallsOf, call, retagging, tagged, tagging } from "./model";

const IMAGE = { arn: "arn:aws:ec2:eu-central-1::image/ami-0123456789abcdef0", keys: { "ec2:Owner": "amazon" } };
const ENCRYPTED = { "ec2:Encrypted": "true" };

/** Who attaches an instance profile passes its role. */
const pass = (world: AccountOf): Request =>
	call("iam:PassRole", [world.role("hub-0123456")], { "iam:PassedToService": "ec2.amazonaws.com" });

/** What EC2 does with a key of the user's own, with the rights of who asked. */
function underKey(inputs: unknown, { region }: AccountOf): Request[] {
	const { kmsKeyId } = (inputs ?? {}) as { kmsKeyId?: string };
	if (kmsKeyId === undefined) return [];
	const via = { "kms:ViaService": `ec2.${region}.amazonaws.com` };
	const use = [
		"kms:DescribeKey",
		"kms:GenerateDataKeyWithoutPlaintext",
		"kms:Decrypt",
		"kms:ReEncryptFrom",
		"kms:ReEncryptTo",
	];
	return [
		...use.map((action) => call(action, [{ arn: kmsKeyId }], via)),
		call("kms:CreateGrant", [{ arn: kmsKeyId }], { ...via, "kms:GrantIsForAWSResource": "true" }),
	];
}

export const MACHINES: Readonly<Record<string, CallsOf>> = {
	"aws:ec2/instance:Instance": ({ seen, world }) => {
		const [instance, made] = [world.own("instance"), world.made("instance")];
		const disk = world.made("volume", ENCRYPTED);
		return {
			source: "ec2/ec2_instance.go",
			create: [
				call(
					"ec2:RunInstances",
					[made, IMAGE, disk, world.own("network-interface"), world.subnet, world.own("security-group")],
					tagging(seen.inputs.tags),
				),
				tagged("RunInstances", made, seen.inputs.tags),
				tagged("RunInstances", disk, seen.inputs.volumeTags),
				pass(world),
				...underKey(seen.inputs.rootBlockDevice, world),
			],
			read: [
				call("ec2:DescribeInstances"),
				call("ec2:DescribeInstanceTypes"),
				call("ec2:DescribeInstanceAttribute", [instance]),
				call("ec2:DescribeVolumes"),
				call("ec2:DescribeTags"),
				call("ec2:DescribeInstanceCreditSpecifications"),
			],
			update: [
				call("ec2:StopInstances", [instance]),
				call("ec2:ModifyInstanceAttribute", [instance]),
				call("ec2:StartInstances", [instance]),
				call("ec2:ModifyInstanceMetadataOptions", [instance]),
				call("ec2:ModifyInstanceCreditSpecification", [instance]),
				call("ec2:DescribeIamInstanceProfileAssociations"),
				call("ec2:ReplaceIamInstanceProfileAssociation", [instance]),
				call("ec2:DisassociateIamInstanceProfile", [instance]),
				call("ec2:AssociateIamInstanceProfile", [instance]),
				pass(world),
				...retagging(instance),
			],
			delete: [call("ec2:TerminateInstances", [instance])],
		};
	},
	"aws:ebs/volume:Volume": ({ seen, world }) => {
		const [volume, made] = [world.own("volume"), world.made("volume", ENCRYPTED)];
		return {
			source: "ec2/ebs_volume.go",
			create: [
				call("ec2:CreateVolume", [made], tagging(seen.inputs.tags)),
				tagged("CreateVolume", made, seen.inputs.tags),
				...underKey(seen.inputs, world),
			],
			read: [call("ec2:DescribeVolumes")],
			update: [call("ec2:ModifyVolume", [volume]), call("ec2:DescribeVolumesModifications"), ...retagging(volume)],
			delete: [call("ec2:DeleteVolume", [volume])],
		};
	},
	"aws:ec2/volumeAttachment:VolumeAttachment": ({ world }) => {
		const both = [world.own("instance"), world.own("volume")];
		return {
			source: "ec2/ebs_volume_attachment.go",
			create: [call("ec2:AttachVolume", both)],
			read: [call("ec2:DescribeVolumes"), call("ec2:DescribeInstances")],
			update: [],
			delete: [call("ec2:DetachVolume", both)],
		};
	},
	// Not the provider's: components/hub/aws/run-command.
	"command:local:Command": ({ seen, world }) => {
		const { DOCUMENT } = seen.inputs.environment as Record<string, string>;
		const document = { arn: world.arn("ssm", `document/${DOCUMENT}`), tags: world.tag };
		const run = [
			call("ssm:DescribeInstanceInformation"),
			call("ssm:SendCommand", [document, world.own("instance")]),
			call("ssm:GetCommandInvocation"),
		];
		return { source: "components/hub/aws/run-command/ssm.ts", create: run, read: [], update: run, delete: [] };
	},
};
