import type { Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { coversPort, publicIngress, sourcesOf } from "./ingress";

export const hubHasNoSsh: Rule = {
	name: "hub-has-no-ssh",
	area: "hub",
	title: "Nobody reaches the hub by SSH",
	severity: "mandatory",
	why:
		"Behind SSH stand the store of every device's messages and the server's keys, and who logged in is written nowhere that " +
		"the machine's own root could not change. Session Manager needs no open port and no key, asks IAM who comes, and keeps a " +
		"record. A port 22 for one private network is still open to every machine of that network.",
	remedy: "take port 22 out of the rule, and use SSM Session Manager",
	neighbours: [
		"AWS Security Hub EC2.13",
		"AWS Security Hub EC2.53 and EC2.54",
		"CIS AWS Foundations Benchmark 2.0.0, 5.2 and 5.3",
	],
	example: {
		fails:
			'new aws.vpc.SecurityGroupIngressRule("admin", {\n\tsecurityGroupId: hub.id,\n\tipProtocol: "tcp",\n\tfromPort: 22,\n\ttoPort: 22,\n\tcidrIpv4: "10.0.0.0/8",\n});\n',
		complies:
			'new aws.iam.RolePolicyAttachment("sessions", {\n\trole: hubRole.name,\n\tpolicyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",\n});\n',
		language: "typescript",
	},
	check: ({ ingress }, config) =>
		ingress.flatMap((rule) => {
			const { origin } = rule;
			const covered = coversPort(rule, 22);
			const sources = sourcesOf(rule);
			// A rule that opens too much to the Internet has been told so already: one mistake, one finding.
			if (publicIngress(rule, config).verdict === "violates") {
				return [];
			}
			if (covered === false || sources === undefined) {
				return complies(origin);
			}
			return isKnown(covered)
				? violates(origin, `${origin.label} lets ${sources} reach port 22, which is SSH`)
				: unknown(origin, `whether ${origin.label} opens port 22`);
		}),
};
