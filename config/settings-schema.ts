import { z } from "zod";
import { Aws } from "./aws-schema";
import { absent, choice, count, oneNumber, quantity, say, section, syncInterval, text } from "./fields";
import { SIZE } from "./units";
import { show } from "./words";

/**
 * The stack's settings as `Pulumi.<stack>.yaml` has them, field by field. Defaults are not here, for they depend on the
 * stack: `settings.ts` fills them in.
 */

/** `pulumi config set` writes numbers and booleans as text. */
const loose = <T extends z.ZodType>(schema: T) => z.preprocess(plain, schema);

const yesNo = (description: string) =>
	loose(
		z
			.boolean({ error: ({ input }) => say(`${show(input)} is neither true nor false`, "write true or false") })
			.meta({ description }),
	).exactOptional();

const port = (description: string) => loose(count(1, 65_535, description)).exactOptional();

const list = (what: string, form: RegExp, example: string, description: string) =>
	z
		.array(text(form, what, example, description), {
			error: ({ input }) => absent(input, `[${example}]`) ?? say(`${show(input)} is not a list`, `write [${example}]`),
		})
		.meta({ description })
		.exactOptional();

const Hub = section(
	{
		kind: choice(["local", "aws"], "Where the hub runs.").exactOptional(),
		nodes: loose(oneNumber([1, 3], "Servers in the cluster.")).exactOptional(),
		leafPort: port("Where devices connect."),
		clientPort: port("Client listener, on loopback."),
		monitorPort: port("Monitoring, on loopback."),
		routePort: port("Routes between nodes on this machine."),
		addresses: list("a host name or address", /^[A-Za-z0-9.:-]+$/, "hub.example.com", "Names or addresses of the hub."),
		storeDir: text(/^[\x21-\x7e]+$/, "a path", "/data/nats/hub", "Where JetStream stores.").exactOptional(),
		memory: quantity(SIZE, "What JetStream may use of memory.", { example: "1GiB" }).exactOptional(),
		file: quantity(SIZE, "What JetStream may use of one node's disk.", { example: "100GiB" }).exactOptional(),
		sync: syncInterval("How often JetStream writes to disk.").exactOptional(),
		aws: Aws.exactOptional(),
	},
	"The hub.",
);

const Leaves = section(
	{
		local: yesNo("Run the fleet's devices as leaf nodes on this machine."),
		clientPort: port("Client port of the first local device; the others count up."),
		linkPort: port("Port of the first local device's link; the others count up."),
		limit: loose(count(1, 256, "Most devices that are started locally.")).exactOptional(),
	},
	"Leaf nodes on this machine.",
);

export const SettingsFile = section(
	{
		fleet: text(
			/^[\x20-\x7e]+\.ya?ml$/,
			"the path of a YAML file",
			"fleets/mine.yaml",
			"The fleet file.",
		).exactOptional(),
		hub: Hub.prefault({}),
		leaves: Leaves.prefault({}),
		sourcing: choice(["durable", "ephemeral"], "How the hub sources.").exactOptional(),
		allowDataLoss: yesNo("Lets an update or a destroy lose messages."),
		ignorePending: yesNo("Devices that could not be reached are no change."),
		adopt: list("the name of a stream", /^[\x21-\x7e]+$/, "hub_can", "Streams that exist already and are taken over."),
		controlUrls: list(
			"a NATS URL",
			/^(nats|tls|wss?):\/\/[^\s]+$/,
			"tls://hub.example.com:4222",
			"Where to manage the hub, instead of through a control leaf.",
		),
	},
	"Settings of one stack.",
);

export type SettingsInput = z.output<typeof SettingsFile>;

function plain(input: unknown): unknown {
	if (input === "true" || input === "false") return input === "true";
	return typeof input === "string" && /^\d{1,9}$/.test(input) ? Number(input) : input;
}
