import type { DesignParameter, Outcome, Rule } from "../../model";
import { complies, isKnown, unknown, unknownTogether, violates } from "../outcomes";
import { describeSecret, secretsIn } from "./secrets";

export const secretsAreSecureStrings: Rule = {
	name: "secrets-are-secure-strings",
	area: "hub",
	title: "What is secret is encrypted in the parameter store",
	severity: "mandatory",
	why:
		"A parameter of type String is plain text wherever it is shown: in the console and its history of versions, and, unless it is " +
		"marked as a secret, in Pulumi's state and diffs; no key can keep it from anybody. With the key of the leaf port whoever stands " +
		"between is the hub for every device; with the key of a route a stranger is a member of the cluster.",
	remedy: 'set type: "SecureString" and give it as value, marked by pulumi.secret',
	neighbours: [
		"AWS documentation, Systems Manager Parameter Store: sensitive data belongs into SecureString (https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html)",
	],
	example: {
		fails:
			'new aws.ssm.Parameter("key", { name: "/leafline/prod/hub/1/leaf.key", type: "String", insecureValue: serverKey });\n',
		complies:
			'new aws.ssm.Parameter("key", {\n\tname: "/leafline/prod/hub/1/leaf.key",\n\ttype: "SecureString",\n\tvalue: pulumi.secret(serverKey),\n});\n',
		language: "typescript",
	},
	check: ({ parameters }) => {
		const outcomes = parameters.map(judge);
		const open = outcomes.filter(({ verdict }) => verdict === "unknown").map(({ origin }) => origin);
		return [
			...outcomes.filter(({ verdict }) => verdict !== "unknown"),
			...unknownTogether(open, (label) => `whether there is a secret in the plain text of ${label}`),
		];
	},
};

function judge({ origin, encrypted, secret, value }: DesignParameter): Outcome {
	if (encrypted === true) return complies(origin);
	const [found] = isKnown(value) ? secretsIn(value) : [];
	if (isKnown(value) && !secret && found === undefined) return complies(origin);
	if (!isKnown(encrypted) || !(secret || found)) return unknown(origin, origin.label);
	const what = found === undefined ? "is a secret" : `holds ${describeSecret(found)}`;
	return violates(origin, `${origin.label} ${what}, and its type is not SecureString: it is stored in plain text`);
}
