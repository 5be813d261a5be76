import { hasInstanceStore } from "../../config/aws";
import { type DesignInstance, type DesignVolume, type Maybe, UNKNOWN } from "../model";
import { block, flag, isRecord, list, type Plain, type PlainRecord, text } from "./plain";
import { originOf, type Resource } from "./resource";

export const INSTANCES = {
	instance: "aws:ec2/instance:Instance",
	launchTemplate: "aws:ec2/launchTemplate:LaunchTemplate",
	volume: "aws:ebs/volume:Volume",
	attachment: "aws:ec2/volumeAttachment:VolumeAttachment",
} as const;

/** @param replicas fewest of the hub's streams; absent where the stack has none of leafline's */
export function instancesOf(resources: readonly Resource[], replicas: Maybe<number> | undefined): DesignInstance[] {
	const attachments = resources.filter(({ type }) => type === INSTANCES.attachment);
	const withVolume = new Set(attachments.flatMap(({ origins }) => origins.instanceId ?? []));
	const kept = typeof replicas === "number" ? { replicas } : {};
	return resources.flatMap((resource): DesignInstance[] => {
		switch (resource.type) {
			case INSTANCES.instance: {
				const guess = replicas !== undefined && !withVolume.has(resource.urn);
				return [{ ...instance(resource, guess), ...kept }];
			}
			case INSTANCES.launchTemplate:
				return [{ ...launchTemplate(resource), ...kept }];
			default:
				return [];
		}
	});
}

export function volumesOf(resource: Resource): DesignVolume[] {
	if (resource.type !== INSTANCES.volume) {
		return [];
	}
	const { inputs, protect, name } = resource;
	return [{ origin: originOf(resource, name), encrypted: flag(inputs.encrypted), protected: protect }];
}

/** @param guess what has disks of its own and no other keeps its data there */
function instance(resource: Resource, guess: boolean): DesignInstance {
	const { inputs } = resource;
	return {
		...common(resource, inputs.ami),
		userData: userData(inputs.userData, inputs.userDataBase64),
		rootEncrypted: flag(part(inputs.rootBlockDevice, "encrypted")),
		publicAddress: flag(inputs.associatePublicIpAddress),
		instanceStore:
			list(inputs.ephemeralBlockDevices).length > 0 ||
			(guess && list(inputs.ebsBlockDevices).length === 0 && hasDisks(inputs.instanceType)),
	};
}

function hasDisks(type: Plain): Maybe<boolean> {
	const name = text(type, "");
	return name === UNKNOWN ? UNKNOWN : hasInstanceStore(name);
}

/** Encryption and addresses stand in lists there, one for each device and card. */
function launchTemplate(resource: Resource): DesignInstance {
	const { inputs } = resource;
	const devices = list(inputs.blockDeviceMappings);
	const disks = devices.map((device) => part(device, "ebs")).filter((ebs) => ebs !== undefined);
	return {
		...common(resource, inputs.imageId),
		userData: userData(undefined, inputs.userData),
		rootEncrypted: disks.length === 0 ? false : all(disks.map((ebs) => flag(part(ebs, "encrypted")))),
		publicAddress: some(list(inputs.networkInterfaces).map((card) => flag(part(card, "associatePublicIpAddress")))),
		instanceStore: some(
			devices.map((device) => (device === UNKNOWN ? UNKNOWN : text(part(device, "virtualName"), "") !== "")),
		),
	};
}

function common(
	resource: Resource,
	image: Plain,
): Pick<DesignInstance, "origin" | "ami" | "floatingAmi" | "keyName" | "httpTokens"> {
	const { inputs, name } = resource;
	const ami = text(image, "");
	return {
		origin: originOf(resource, name),
		ami,
		floatingAmi: ami === UNKNOWN ? UNKNOWN : isFloating(ami),
		keyName: text(inputs.keyName, undefined),
		httpTokens: text(part(inputs.metadataOptions, "httpTokens"), undefined),
	};
}

/** A parameter that AWS itself moves on, without a version. What a look-up found is an id like any other here. */
function isFloating(ami: string): boolean {
	return /^resolve:ssm:(?:(?!:\d+$).)*$/.test(ami);
}

/** Clear text, for a secret is as badly placed there in base64; what is compressed is left to the rule. */
function userData(clear: Plain, encoded: Plain): Maybe<string | undefined> {
	const read = text(clear, undefined);
	if (read !== undefined) {
		return read;
	}
	const packed = text(encoded, undefined);
	if (typeof packed !== "string") {
		return packed;
	}
	const bytes = Buffer.from(packed, "base64");
	return bytes[0] === 0x1f && bytes[1] === 0x8b ? packed : bytes.toString("utf8");
}

function part(whole: Plain, key: string): Plain {
	const record: Maybe<PlainRecord | undefined> = block(whole);
	return record === UNKNOWN ? UNKNOWN : isRecord(record) ? record[key] : undefined;
}

function some(values: readonly Maybe<boolean>[]): Maybe<boolean> {
	return values.includes(true) ? true : values.includes(UNKNOWN) ? UNKNOWN : false;
}

function all(values: readonly Maybe<boolean>[]): Maybe<boolean> {
	return values.includes(false) ? false : values.includes(UNKNOWN) ? UNKNOWN : true;
}
