import type { Rule } from "../../model";
import { publicIngress } from "./ingress";

export const hubIngressIsLeafPortOnly: Rule = {
	name: "hub-ingress-is-leaf-port-only",
	area: "hub",
	title: "The Internet reaches port 7422 by TCP, and nothing else",
	severity: "mandatory",
	why:
		"Devices, administrators and readers all come through the leaf port, where TLS and signed credentials stand before " +
		"everything. Whatever else is open is one more thing to attack: the client port, the monitoring, which asks for no " +
		"credentials, the routes, which make a stranger a member of the cluster. A range, all protocols, an IPv6 block and a " +
		"prefix list open it as well as a port that is named.",
	remedy: "take the rule out or narrow it to 7422/tcp; a port that must be public goes into the pack's allowedPorts",
	neighbours: [
		"AWS Security Hub EC2.18",
		"AWS Security Hub EC2.19",
		"AWS Control Tower CT.EC2.PR.3",
		"AWS Control Tower CT.EC2.PR.4",
	],
	example: {
		fails:
			'new aws.vpc.SecurityGroupIngressRule("clients", {\n\tsecurityGroupId: hub.id,\n\tipProtocol: "tcp",\n\tfromPort: 4222,\n\ttoPort: 4222,\n\tcidrIpv4: "0.0.0.0/0",\n});\n',
		complies:
			'new aws.vpc.SecurityGroupIngressRule("leaves", {\n\tsecurityGroupId: hub.id,\n\tipProtocol: "tcp",\n\tfromPort: 7422,\n\ttoPort: 7422,\n\tcidrIpv4: "0.0.0.0/0",\n});\n',
		language: "typescript",
	},
	check: ({ ingress }, config) => ingress.map((rule) => publicIngress(rule, config)),
};
