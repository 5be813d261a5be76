import { isIP } from "node:net";
import { z } from "zod";
import { absent, choice, count, judged, listOf, quantity, say, section, text, type Wrong } from "./fields";
import { hostProblem } from "./host";
import { BIT_RATE, DURATION } from "./units";
import { oneOf, show } from "./words";

/** The section `leafline:hub.aws` as `Pulumi.<stack>.yaml` has it; defaults and what hangs together are in `aws.ts`. */

const id = (prefix: string, what: string, description: string) =>
	text(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), what, `${prefix}-0123456789abcdef0`, description);

/** Data Lifecycle Manager knows no other intervals. */
const INTERVALS = [1, 2, 3, 4, 6, 8, 12, 24];
const HOUR = 3_600_000;

const every = quantity(DURATION, "How often.", {
	example: "24h",
	not: (ms) =>
		INTERVALS.includes(ms / HOUR)
			? undefined
			: {
					message: "is no interval at which AWS makes snapshots",
					remedy: `write ${oneOf(INTERVALS.map((hours) => `${hours}h`))}`,
				},
});

const Network = section(
	{
		cidr: text(
			/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
			"an IPv4 block",
			"10.74.0.0/16",
			"Block of the network that leafline makes.",
		).exactOptional(),
		zones: listOf(
			text(/^[a-z]{2}(-[a-z0-9]+)+$/, "a zone", "eu-central-1a", "A zone."),
			"eu-central-1a",
			"Zones of the nodes, one each.",
		).exactOptional(),
		vpcId: id("vpc", "the id of a VPC", "A VPC that exists.").exactOptional(),
		subnetIds: listOf(
			id("subnet", "the id of a subnet", "A public subnet."),
			"subnet-0123456789abcdef0",
			"Public subnets of that VPC, one a node.",
		).exactOptional(),
	},
	"The network of the nodes: made (cidr, zones), or given (vpcId, subnetIds).",
);

/** A name in a zone: no address, and more than one label. */
function dnsProblem(name: string): Wrong | undefined {
	const problem = hostProblem(name);
	if (problem) return problem;
	if (isIP(name) === 0 && name.includes(".")) return undefined;
	return { message: `${show(name)} is not a name in a zone`, remedy: "write for example hub.example.com" };
}

const Dns = section(
	{
		zoneId: text(/^Z[A-Z0-9]{5,31}$/, "the id of a hosted zone", "Z0123456789ABCDEFGHIJ", "A public zone of Route 53."),
		name: judged(dnsProblem, "hub.example.com", "Name of the hub."),
	},
	"The hub's name in Route 53.",
);

const Alarms = section(
	{
		email: text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an address", "ops@example.com", "Who gets a mail.").exactOptional(),
		topicArn: text(
			/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
			"the ARN of an SNS topic",
			"arn:aws:sns:eu-central-1:123456789012:ops",
			"A topic that exists.",
		).exactOptional(),
	},
	"Who is told of trouble: a mail address, or a topic.",
);

const Snapshots = section(
	{ every: every.exactOptional(), keep: count(0, 1000, "How many; 0 makes none.").exactOptional() },
	"Snapshots of the data volumes.",
);

const Baseline = section(
	{
		processors: count(1, 1_000, "Processors that budgets count, as `npm run bench -- hub` has shown them to work."),
		ebs: quantity(BIT_RATE, "To and from EBS, as AWS states its baseline.", { example: "630Mbit/s" }),
		iops: count(1, 1_000_000, "Operations a second to EBS, as AWS states their baseline."),
		network: quantity(BIT_RATE, "Of the network, as AWS states its baseline.", { example: "937Mbit/s" }),
	},
	"What the instance type sustains: for a type that leafline does not know, or one that was measured.",
);

/** As EC2 takes them. */
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const Tags = z
	.record(z.string(), z.unknown().meta({ type: "string" }), {
		error: ({ input }) =>
			absent(input, "{ team: mine }") ??
			say(`${show(input)} is not a map of texts`, "write for example { team: mine }"),
	})
	.transform((tags, context) => {
		const issue = (key: string, message: string, remedy: string, atKey = false) =>
			context.issues.push({
				code: "custom",
				path: [key],
				message: say(message, remedy),
				input: tags[key],
				params: { atKey },
			});
		for (const [key, value] of Object.entries(tags)) {
			if (!TAG.test(key) || key === "" || key.length > 128) {
				issue(key, "cannot be the name of a tag", "use letters, digits, spaces and _ . : / = + - @, 128 at most", true);
			} else if (typeof value !== "string") {
				issue(key, value === null ? "is empty" : `${show(value)} is not a text`, 'put it in quotes, or write ""');
			} else if (!TAG.test(value) || value.length > 256) {
				const remedy = "use letters, digits, spaces and _ . : / = + - @, 256 at most";
				issue(key, `${show(value)} cannot be the value of a tag`, remedy);
			}
		}
		return tags as Record<string, string>;
	})
	.meta({ description: "Tags of every resource." });

export const Aws = section(
	{
		image: text(
			// Amazon's names hold their date, so that one name is one image.
			/^(ami-[0-9a-f]{8,17}|[A-Za-z0-9][A-Za-z0-9._-]*-(arm64|x86_64))$/,
			"the id or the exact name of an image",
			"ami-0123456789abcdef0",
			"Image of the nodes: an AMI id, or the exact name of one of Amazon's.",
		).exactOptional(),
		instanceType: text(
			/^[a-z0-9-]+\.[a-z0-9-]+$/,
			"an instance type",
			"m7g.large",
			"Instance type of the nodes.",
		).exactOptional(),
		baseline: Baseline.exactOptional(),
		storage: choice(["ebs", "instance-store"], "Where the messages are.").exactOptional(),
		network: Network.exactOptional(),
		dns: Dns.exactOptional(),
		readers: listOf(
			id("sg", "the id of a security group", "A security group."),
			"sg-0123456789abcdef0",
			"Security groups that may use the client port.",
		).exactOptional(),
		alarms: Alarms.exactOptional(),
		snapshots: Snapshots.exactOptional(),
		kmsKeyId: text(
			// Of an id or an alias, EBS gives back the ARN, and the volume would be replaced for the difference.
			/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
			"the ARN of a key",
			"arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
			"Key for volumes and secrets.",
		).exactOptional(),
		permissionsBoundary: text(
			/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/,
			"the ARN of a policy",
			"arn:aws:iam::123456789012:policy/leafline/prod/boundary",
			"What no role of the stack may go beyond.",
		).exactOptional(),
		tags: Tags.exactOptional(),
	},
	"The hub on AWS.",
);

export type AwsInput = z.output<typeof Aws>;
