import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachInstance } from "./each";

export const hubInstanceHasNoSshKey: Rule = {
	name: "hub-instance-has-no-ssh-key",
	area: "hub",
	title: "No instance carries an SSH key",
	severity: "mandatory",
	why:
		"Whoever has the private half of an EC2 key pair is root on the machine for as long as the machine lives: the key is in " +
		"authorized_keys, nothing revokes it, and one security group rule later it works from anywhere. Session Manager needs none.",
	remedy: "take keyName out, and use SSM Session Manager",
	example: {
		fails: 'new aws.ec2.Instance("hub", { ami, instanceType, keyName: "ops-laptop" });\n',
		complies: 'new aws.ec2.Instance("hub", { ami, instanceType, iamInstanceProfile: profile.name });\n',
		language: "typescript",
	},
	check: eachInstance("keyName", "SSH key", (keyName, { origin }) =>
		keyName === undefined || keyName === ""
			? complies(origin)
			: violates(origin, `${origin.label} carries the SSH key ${keyName}: who has its other half is root on it`),
	),
};
