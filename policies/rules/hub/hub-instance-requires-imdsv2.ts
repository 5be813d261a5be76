import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachInstance } from "./each";

export const hubInstanceRequiresImdsv2: Rule = {
	name: "hub-instance-requires-imdsv2",
	area: "hub",
	title: "Instance metadata is given only to those who ask with a token",
	severity: "mandatory",
	why:
		"The first version of the metadata service answers any plain GET from the machine, so a program that can be made to fetch a " +
		"URL hands out the credentials of the instance's role, and with them the hub's keys in the parameter store. Version 2 wants " +
		"a token that such a request cannot get. Left out, httpTokens is optional unless the account or the image says otherwise.",
	remedy: 'set metadataOptions: { httpTokens: "required" }',
	neighbours: [
		"AWS Security Hub EC2.8",
		"CIS AWS Foundations Benchmark 3.0.0, 5.6",
		"AWS Config ec2-imdsv2-check",
		"AWS Control Tower CT.EC2.PR.1",
	],
	example: {
		fails: 'new aws.ec2.Instance("hub", { ami, instanceType });\n',
		complies: 'new aws.ec2.Instance("hub", { ami, instanceType, metadataOptions: { httpTokens: "required" } });\n',
		language: "typescript",
	},
	check: eachInstance("httpTokens", "httpTokens", (httpTokens, { origin }) => {
		const said = httpTokens === undefined ? "does not say httpTokens" : `has httpTokens ${httpTokens}`;
		return httpTokens === "required"
			? complies(origin)
			: violates(origin, `${origin.label} ${said}, so it answers IMDSv1: it must be required`);
	}),
};
