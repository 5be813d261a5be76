import { z } from "zod";
import { Aws } from "./aws-schema";
import { choice, count, judged, listOf, oneNumber, quantity, say, section, syncInterval, text } from "./fields";
import { controlUrlProblem, hostProblem } from "./host";
import { MOST_LOCAL } from "./limits";
import { folderProblem } from "./path";
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
			.boolean({
				error: ({ input }) =>
					say(input === null ? "is empty" : `${show(input)} is neither true nor false`, "write true or false"),
			})
			.meta({ description }),
	).exactOptional();

const port = (description: string) => loose(count(1, 65_535, description)).exactOptional();

/** JetStream's own rule for the name of a stream. */
const STREAM = /^[^\s.*>/\\\p{C}]+$/u;

const Hub = section(
	{
		kind: choice(["local", "aws"], "Where the hub runs.").exactOptional(),
		nodes: loose(oneNumber([1, 3], "Servers in the cluster.")).exactOptional(),
		server: choice(["leafline", "official"], "Which nats-server the hub runs.").exactOptional(),
		leafPort: port("Where devices connect."),
		clientPort: port("Client listener, on loopback."),
		monitorPort: port("Monitoring, on loopback."),
		routePort: port("Routes between nodes on this machine."),
		addresses: listOf(
			judged(hostProblem, "hub.example.com", "A name or an address."),
			"hub.example.com",
			"Names or addresses of the hub.",
		).exactOptional(),
		storeDir: judged(
			(path) => folderProblem(path, { absolute: false, example: "/data/nats/hub" }),
			"/data/nats/hub",
			"Where JetStream stores.",
		).exactOptional(),
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
		mqttPort: port("Port for MQTT of the first local device, where the fleet file asks for it; the others count up."),
		limit: loose(count(1, MOST_LOCAL, "Most devices that are started locally.")).exactOptional(),
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
		sourcing: choice(
			["durable", "ephemeral"],
			"How the hub sources. ephemeral: no downlinks, and no classes with whenFull: refuse.",
		).exactOptional(),
		allowDataLoss: yesNo("Lets an update or a destroy lose messages."),
		ignorePending: yesNo("Devices that could not be reached are no change."),
		adopt: listOf(
			text(STREAM, "the name of a stream", "hub_can", "A stream."),
			"hub_can",
			"Streams that exist already and are taken over.",
		).exactOptional(),
		controlUrls: listOf(
			judged(controlUrlProblem, "tls://hub.example.com:4222", "A NATS URL."),
			"tls://hub.example.com:4222",
			"Where to manage the hub, instead of through a control leaf.",
		).exactOptional(),
		rollout: quantity(SIZE, "Room at the hub for releases that devices fetch.", { example: "1GiB" }).exactOptional(),
	},
	"Settings of one stack.",
);

export type SettingsInput = z.output<typeof SettingsFile>;

function plain(input: unknown): unknown {
	if (input === "true" || input === "false") return input === "true";
	return typeof input === "string" && /^\d{1,9}$/.test(input) ? Number(input) : input;
}
