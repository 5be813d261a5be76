import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachInstance } from "./each";
import { describeSecret, secretsIn } from "./secrets";

export const userDataHoldsNoSecret: Rule = {
	name: "user-data-holds-no-secret",
	area: "hub",
	title: "User-data holds no secret",
	severity: "mandatory",
	why:
		"User-data is no place for secrets: whoever may describe the instance reads it, every program on it does through the metadata " +
		"service, and it stays in the state and in the logs of cloud-init. With an operator's or account's seed anyone is any device. " +
		"A variable, a command that fetches the secret, and a bcrypt hash, which lets nobody in by itself, are none.",
	remedy: "put it into the parameter store as a SecureString, and let the instance's role fetch it at boot",
	neighbours: [
		"AWS documentation, EC2 user data: not for passwords or long-lived keys (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html)",
	],
	example: {
		fails:
			// biome-ignore lint/suspicious/noTemplateCurlyInString: it is shown as code.
			'const userData = pulumi.interpolate`#!/bin/sh\necho "${keys.operatorSeed}" > /etc/nats/operator.nk\n`;\n',
		complies:
			'const userData = "#!/bin/sh\\naws ssm get-parameter --with-decryption --name /hub/tls-key > /run/tls.json\\n";\n',
		language: "typescript",
	},
	check: eachInstance("userData", "user-data", (userData, { origin }) => {
		const [first, ...others] = secretsIn(userData ?? "");
		if (first === undefined) {
			return complies(origin);
		}
		const more = others.length === 0 ? "" : ` and ${others.length} more`;
		return violates(origin, `the user-data of ${origin.label} holds ${describeSecret(first)}${more}`);
	}),
};
