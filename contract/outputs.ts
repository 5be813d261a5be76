import { z } from "zod";

/**
 * The outputs of a leafline stack, version 5. Everything here is plain JSON: names, sizes in bytes, times in
 * milliseconds, speeds in bits a second, rates in messages a second.
 */

/** Version of the contract that this program writes. A reader must ignore nothing and guess nothing. */
export const SCHEMA_VERSION = 5;

const token = z.string().regex(/^[a-z0-9-]+$/);
const streamName = z.string().regex(/^[A-Za-z0-9_-]+$/);
const count = z.int().min(0);
const amount = z.number().min(0);
const port = z.int().min(1).max(65535);
const replicas = z.union([z.literal(1), z.literal(3), z.literal(5)]);

const hub = z.strictObject({
	kind: z.enum(["local", "aws"]).describe("Where the hub runs."),
	domain: token.describe("JetStream domain of the hub."),
	apiPrefix: z.string().describe("Prefix of the hub's JetStream API, as its administrator reaches it."),
	urls: z.array(z.string()).min(1).describe("Where devices connect: tls://host:port, every node's."),
	clientUrl: z
		.string()
		.optional()
		.describe("Client listener on loopback, for a hub on this machine; of several nodes, each, with commas between."),
	monitorUrl: z
		.string()
		.optional()
		.describe("Monitoring on loopback, for a hub on this machine; of several nodes, each, with commas between."),
	nodes: count.describe("Servers in the cluster."),
	syncMs: amount
		.optional()
		.describe("How long the hub may take to have on its disk what it has acknowledged, in milliseconds."),
	journal: streamName.optional().describe("Stream on the hub that keeps what was done to it."),
	server: z
		.enum(["leafline", "official"])
		.optional()
		.describe(
			"Whether the hub's nats-server has leafline's change, without which every device can delete its streams.",
		),
	serverVersion: z.string().optional().describe("Version of the hub's nats-server, for example 2.15.2+leafline.4."),
	versionFloor: z.string().describe("Oldest nats-server that a device may run."),
});

const device = z.strictObject({
	domain: token.describe("JetStream domain of the device."),
	serverName: token.describe("server_name of the device's nats-server."),
	group: z.string(),
	label: z.string().optional().describe("What people call it, if the fleet file says so."),
	edgeGroup: z.string().optional().describe("The resource that manages its streams; absent once it is retired."),
	clientPort: port.optional().describe("Client listener on the device's loopback."),
	mqttPort: port
		.describe(
			"Port for MQTT on the device's loopback, where the fleet file asks for it. Absent in outputs of before version 5.",
		)
		.exactOptional(),
	hubStreams: z.record(z.string(), streamName).describe("Hub stream by uplink class."),
	retired: z.enum(["drain", "lost"]).optional(),
});

const stream = z.strictObject({
	class: z.string(),
	direction: z.enum(["uplink", "downlink"]),
	devices: z.array(token).describe("Devices whose edge streams it sources (uplink) or feeds (downlink)."),
	maxBytes: z.int().min(-1).describe("-1 for no limit."),
	replicas: replicas,
	consumers: z.array(z.string()).describe("Names of the durable consumers on it."),
});

const trafficClass = z.strictObject({
	direction: z.enum(["uplink", "downlink"]),
	rate: amount.describe("Messages a second of one device."),
	sizeBytes: amount.describe("Payload of one message."),
	accepts: z.array(z.string()).describe("Subjects that programs on the device publish on."),
	whenFull: z.enum(["refuse", "drop-oldest"]),
	priority: z.enum(["normal", "high"]),
});

const powerCut = z.strictObject({
	ms: amount.describe("Of how many milliseconds before the cut, plus as long as one sync of the disk takes."),
	messages: amount.describe(
		"As many at the planned rate in those milliseconds; a disk that is slow to sync makes it more.",
	),
});

const bufferBudget = z.strictObject({
	neededBytes: amount,
	availableBytes: amount,
	wear: z
		.strictObject({
			bytesPerSecond: amount.describe("What a device writes to its disk, syncs included; at most."),
			syncsPerSecond: amount.describe("How often it syncs, all classes together."),
			lastsMs: amount.optional().describe("How long a disk of the stated endurance lasts."),
		})
		.optional(),
	classes: z.record(
		z.string(),
		z.strictObject({
			maxBytes: amount.describe("Limit of the edge stream."),
			holdsMs: amount.describe("Time until an empty stream is full at the class's rate."),
			powerCut: powerCut
				.optional()
				.describe("What a power cut may take of what was acknowledged and is not at the hub."),
		}),
	),
});

const linkBudget = z.strictObject({
	neededBitsPerSecond: amount,
	availableBitsPerSecond: amount,
	catchUpMs: amount.describe("Time to drain the longest outage while new messages arrive."),
	windows: z.record(z.string(), amount).describe("Unacknowledged messages on the way, by class."),
});

const hubBudget = z.strictObject({
	messagesPerSecond: amount,
	messagesPerSecondLimit: amount,
	neededBytes: amount,
	availableBytes: amount,
	streams: z.record(streamName, z.strictObject({ maxBytes: amount, replicas: amount })),
	powerCut: powerCut
		.optional()
		.describe(
			"What a power cut of all nodes at once may take of what devices had acknowledged. One of three takes nothing.",
		),
});

/** `EdgeClass` of `topology/model.ts`: what `expandEdge()` makes a device's streams of. */
const edgeClass = z.strictObject({
	direction: z.enum(["uplink", "downlink"]),
	accepts: z.array(z.string()),
	storage: z.enum(["file", "memory"]),
	discard: z.enum(["old", "new"]),
	maxBytes: z.int().min(-1),
	maxAgeMs: amount.describe("0 for none."),
	window: count.describe("`max_ack_pending` of the consumer that the hub sources through."),
	sourcing: z.enum(["durable", "ephemeral"]),
});

const edge = z.strictObject({
	arch: z.enum(["arm64", "amd64"]).describe("Processor of the group's hardware."),
	hardware: token.describe("Name of that hardware in the fleet file. Absent in outputs of version 3.").exactOptional(),
	classes: z.record(z.string(), edgeClass).describe("By class, in the order of the fleet file."),
	topics: z
		.record(z.string(), z.string())
		.describe("Class by filter of MQTT topics, besides what classes accept. Absent in outputs of before version 5.")
		.exactOptional(),
});

const local = z.strictObject({
	root: z.string().describe("Folder of the local processes, from the project's folder."),
	links: z.record(token, port).describe("Loopback port of each device's link to the hub."),
});

/** The output `leafline`. */
export const leaflineOutput = z.strictObject({
	schemaVersion: z.literal(SCHEMA_VERSION),
	environment: z.string().describe("Name of the stack."),
	fleet: token,
	hub,
	ca: z
		.string()
		.regex(/^-----BEGIN CERTIFICATE-----/)
		.describe("CA that signs the hub's certificate, PEM."),
	classes: z.record(z.string(), trafficClass),
	devices: z.record(token, device).describe("Every device of the fleet, retired ones included."),
	streams: z.record(streamName, stream).describe("Streams of the hub."),
	shards: z
		.record(z.string(), z.record(streamName, z.array(token)))
		.describe("Uplink class to hub stream to its devices."),
	groups: z.record(z.string(), z.array(token)).describe("Devices by group, retired ones included."),
	edge: z
		.record(z.string(), edge)
		.describe("By group: what the streams on its devices are made of. Absent in outputs of version 1 and 2.")
		.exactOptional(),
	bundleKey: z
		.string()
		.regex(/^U[A-Z2-7]{55}$/)
		.describe("Public key, an nkey, of who signs the devices' bundles. Absent in outputs of version 1 and 2.")
		.exactOptional(),
	owner: z
		.string()
		.describe("`<project>/<stack>`, in the metadata of streams that are its own. Absent in outputs of version 1 and 2.")
		.exactOptional(),
	budgets: z.strictObject({
		buffer: z.record(z.string(), bufferBudget).describe("By group."),
		link: z.record(z.string(), linkBudget).describe("By group."),
		hub: hubBudget,
	}),
	pending: z.record(token, z.string()).describe("Devices that the last update did not reach, and why."),
	clients: z
		.record(z.string(), z.string())
		.optional()
		.describe("Lowest version by language of the client library that reads the hub's streams."),
	local: local.optional().describe("Only where hub and devices run on this machine."),
});

/** The secret output `access`: credentials files (`.creds`) for tools. */
export const accessOutput = z.strictObject({
	adminCreds: z.string().describe("Administers the streams of the hub and of every device."),
	systemCreds: z.string().describe("Monitors the hub and pushes accounts."),
	readerCreds: z.record(z.string(), z.string()).describe("By reader: reads the hub's streams and nothing else."),
});

/** The secret output `signing`: what makes a device's credentials. */
export const signingOutput = z.strictObject({
	deviceSigningSeed: z.string(),
	devicesAccount: z.string().describe("Public key of the account that devices bind to."),
	releasesAccount: z
		.string()
		.describe("Public key of the account in which devices ask for releases. Absent where there was none yet.")
		.exactOptional(),
	fleetSecret: z.string().describe("Each device's own seed is derived from it."),
	createdAt: count.describe("Seconds since 1970; the `iat` of every credential."),
	generations: z
		.record(token, count)
		.describe("By device: the generation of its key, from 2, where its name's first one was revoked.")
		.exactOptional(),
});

/** All outputs of a stack, as `pulumi stack output --json --show-secrets` prints them. */
export const stackOutputs = z.object({
	leafline: leaflineOutput,
	leafConfigs: z.record(token, z.string()).describe("leaf.conf by device, without secrets."),
	access: accessOutput.optional().describe("Secret."),
	signing: signingOutput.optional().describe("Secret."),
});

export type LeaflineOutput = z.infer<typeof leaflineOutput>;
export type AccessOutput = z.infer<typeof accessOutput>;
export type SigningOutput = z.infer<typeof signingOutput>;
export type StackOutputs = z.infer<typeof stackOutputs>;
