import { boundary } from "./boundary";
import type { Scope, Statement } from "./model";
import { operate } from "./operate";
import { statementsOf } from "./plan";

/** Path of the page, from the project's folder. */
export const PAGE = "docs/iam/statements.md";

/** A stack that has everything that a statement can be for. */
const EXAMPLE: Scope = {
	partition: "aws",
	region: "eu-central-1",
	account: "123456789012",
	environment: "prod",
	boundary: "arn:aws:iam::123456789012:policy/leafline/prod/boundary",
	hub: {
		dns: { zoneId: "Z0123456789ABCDEFGHIJ", names: ["hub.example.com"] },
		topic: "own",
		kmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
		volumes: true,
		snapshots: true,
		image: "al2023-ami",
	},
	state: { bucket: "acme-pulumi-state", project: "leafline" },
	stateKey: "alias/leafline-prod-state",
};

/** Every statement with its reason, as Markdown. */
export function statementsPage(): string {
	const given: Scope = { ...EXAMPLE, hub: { ...EXAMPLE.hub, network: { vpcId: "vpc-1", subnetIds: ["subnet-1"] } } };
	const own = new Set(statementsOf(EXAMPLE, "deploy").map(({ sid }) => sid));
	const theirs = statementsOf(given, "deploy").filter(({ sid }) => !own.has(sid));
	return `# What each statement is for

Written by leafline from the policies themselves (\`npm run schemas\`), for a stack that has a network of its own, names, a
mail address, a key of the user's own, snapshots, and its state in a bucket. [README.md](README.md) says how to make the
roles.

## preview

${table(statementsOf(EXAMPLE, "preview"))}
## deploy

${table(statementsOf(EXAMPLE, "deploy"))}
Instead of \`MakeInOurNetwork\`, \`PlaceInOurNetwork\` and \`EmptyTheDefaultGroup\`, with a network that exists:

${table(theirs)}
## operate

What \`deploy\` has, and

${table(operate(EXAMPLE))}
## The boundary

${table(boundary(EXAMPLE))}`;
}

function table(statements: readonly Statement[]): string {
	const rows = statements.map(({ sid, actions, reason }) => `| \`${sid}\` | ${services(actions)} | ${reason} |\n`);
	return `| statement | actions | why |\n|---|---|---|\n${rows.join("")}`;
}

/** How many actions of which services. */
function services(actions: readonly string[]): string {
	const names = [...new Set(actions.map((action) => action.split(":")[0]))].sort();
	if (actions.length === 1) return `\`${actions[0]}\``;
	return `${actions.length} of ${names.join(", ")}`;
}
