import { hasInstanceStore } from "../../config/aws";
import { type DesignInstance, type DesignVolume, type Maybe, UNKNOWN } from "../model";
import { fromBase64 } from "../rules/hub/secrets-packed";
import { block, flag, isRecord, list, type Plain, type PlainRecord, text } from "./plain";
import { originOf, type Resource } from "./resource";

export const INSTANCES = {
	instance: "aws:ec2/instance:Instance",
	spotInstance: "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
	spotFleet: "aws:ec2/spotFleetRequest:SpotFleetRequest",
	launchConfiguration: "aws:ec2/launchConfiguration:LaunchConfiguration",
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
		const guess = replicas !== undefined && !withVolume.has(resource.urn);
		return machines(resource, guess, resources).map((machine) => ({ ...machine, ...kept }));
	});
}

/** Machines that a resource makes, or that are made after it. */
function machines(resource: Resource, guess: boolean, all: readonly Resource[]): DesignInstance[] {
	switch (resource.type) {
		case INSTANCES.instance:
		case INSTANCES.spotInstance:
			return [fromTemplate(instance(resource, guess), resource, all)];
		case INSTANCES.launchConfiguration: {
			const { imageId, ...rest } = resource.inputs;
			return [instance({ ...resource, inputs: { ...rest, ami: imageId } }, guess)];
		}
		case INSTANCES.spotFleet: {
			const specifications = list(resource.inputs.launchSpecifications);
			return specifications.flatMap((inputs) => (isRecord(inputs) ? [instance({ ...resource, inputs }, guess)] : []));
		}
		case INSTANCES.launchTemplate:
			return [launchTemplate(resource)];
		default:
			return [];
	}
}

/** What an instance leaves to its launch template is as the template says, or not known where that is elsewhere. */
function fromTemplate(own: DesignInstance, { inputs, origins }: Resource, all: readonly Resource[]): DesignInstance {
	if (inputs.launchTemplate === undefined || inputs.launchTemplate === null) return own;
	const named = origins.launchTemplate ?? [];
	const found = all.find(({ type, urn }) => type === INSTANCES.launchTemplate && named.includes(urn));
	const template = found && launchTemplate(found);
	const stated = (field: Plain) => field !== undefined && field !== null;
	const clear = stated(inputs.userData) || stated(inputs.userDataBase64);
	return {
		...own,
		...(!stated(inputs.ami) && { ami: template?.ami ?? UNKNOWN, floatingAmi: template?.floatingAmi ?? UNKNOWN }),
		...(!stated(inputs.keyName) && { keyName: template ? template.keyName : UNKNOWN }),
		...(!stated(inputs.metadataOptions) && { httpTokens: template ? template.httpTokens : UNKNOWN }),
		...(!clear && { userData: template ? template.userData : UNKNOWN }),
		...(!stated(inputs.rootBlockDevice) && { rootEncrypted: template?.rootEncrypted ?? UNKNOWN }),
	};
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
		rootEncrypted: flag(part(root(inputs), "encrypted")),
		disks: disks(list(inputs.ebsBlockDevices)),
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
	// With a name that images use for their root volume; any other is one more.
	const isRoot = (device: Plain) => ROOT.includes(String(text(part(device, "deviceName"), "")));
	const mapped = devices.find(isRoot);
	return {
		...common(resource, inputs.imageId),
		userData: userData(undefined, inputs.userData),
		rootEncrypted: devices.includes(UNKNOWN) ? UNKNOWN : flag(part(part(mapped, "ebs"), "encrypted")),
		disks: disks(devices.filter((device) => !isRoot(device) && part(device, "ebs") !== undefined)),
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

/** A spot fleet has it in a list of one. */
function root({ rootBlockDevice, rootBlockDevices }: PlainRecord): Plain {
	return rootBlockDevice ?? rootBlockDevices;
}

const ROOT: readonly string[] = ["/dev/xvda", "/dev/sda1", "/dev/sda"];

/** Volumes beside the root volume, as an instance states them or a template maps them. */
function disks(devices: readonly Plain[]): DesignInstance["disks"] {
	return devices
		.filter((device) => flag(part(device, "noDevice")) !== true)
		.map((device) => {
			const own = part(device, "encrypted");
			return {
				device: text(part(device, "deviceName"), ""),
				encrypted: device === UNKNOWN ? UNKNOWN : flag(own ?? part(part(device, "ebs"), "encrypted")),
			};
		});
}

/** Text as the machine gets it: AWS takes base64 in either field, and cloud-init what is compressed. */
function userData(clear: Plain, encoded: Plain): Maybe<string | undefined> {
	const given = text(clear, undefined) ?? text(encoded, undefined);
	return typeof given === "string" ? (fromBase64(given) ?? given) : given;
}

function part(whole: Plain, key: string): Plain {
	const record: Maybe<PlainRecord | undefined> = block(whole);
	return record === UNKNOWN ? UNKNOWN : isRecord(record) ? record[key] : undefined;
}

function some(values: readonly Maybe<boolean>[]): Maybe<boolean> {
	return values.includes(true) ? true : values.includes(UNKNOWN) ? UNKNOWN : false;
}
