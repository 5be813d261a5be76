import type { Maybe, Origin, Outcome, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const hubVolumeIsEncrypted: Rule = {
	name: "hub-volume-is-encrypted",
	area: "hub",
	title: "Every volume of the hub is encrypted",
	severity: "mandatory",
	why:
		"The data volume holds every message of every device, the root volume the server's keys once they were fetched; a snapshot " +
		"of either is as readable as the volume was. Encryption cannot be switched on later: the volume has to be made anew, with " +
		"its messages copied.",
	remedy:
		"set encrypted: true on the volume, in rootBlockDevice, and in every block device of an instance or a template, before anything is stored",
	neighbours: [
		"AWS Security Hub EC2.3",
		"AWS Security Hub EC2.7",
		"CIS AWS Foundations Benchmark 3.0.0, 2.2.1",
		"AWS Control Tower CT.EC2.PR.7",
	],
	example: {
		fails: 'new aws.ebs.Volume("data", { availabilityZone, size: 200, type: "gp3" });\n',
		complies: 'new aws.ebs.Volume("data", { availabilityZone, size: 200, type: "gp3", encrypted: true });\n',
		language: "typescript",
	},
	check: ({ volumes, instances }) => [
		...volumes.map(({ origin, encrypted }) => judge(origin, encrypted, origin.label)),
		...instances.map(({ origin, rootEncrypted }) => judge(origin, rootEncrypted, `the root volume of ${origin.label}`)),
		...instances.flatMap(({ origin, disks }) =>
			disks.map(({ device, encrypted }) =>
				judge(origin, encrypted, `the volume ${isKnown(device) ? device : ""} of ${origin.label}`.replace("  ", " ")),
			),
		),
	],
};

function judge(origin: Origin, encrypted: Maybe<boolean>, what: string): Outcome {
	if (!isKnown(encrypted)) {
		return unknown(origin, `whether ${what} is encrypted`);
	}
	return encrypted
		? complies(origin)
		: violates(origin, `${what} is not encrypted, and cannot be later without being made anew`);
}
