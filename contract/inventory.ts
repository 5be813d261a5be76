import { z } from "zod";

/** What `leafline inventory --json` prints: the devices of a fleet, for other programs. Without secrets. */

const device = z.strictObject({
	label: z.string().describe("What people call it, if the fleet file says so.").exactOptional(),
	group: z.string(),
	hardware: z.string().describe("Name in the fleet file; absent where the outputs do not tell.").exactOptional(),
	arch: z.enum(["arm64", "amd64"]).describe("Absent where the outputs do not tell.").exactOptional(),
	domain: z.string().describe("JetStream domain, and server_name of its nats-server."),
	clientPort: z.int().min(1).max(65535).describe("Client listener on the device's loopback.").exactOptional(),
	classes: z.array(z.string()).describe("Classes that it has a stream of."),
	hubStreams: z.record(z.string(), z.string()).describe("Hub stream by uplink class."),
	draining: z.literal(true).describe("It is taken out once the hub has what it holds.").exactOptional(),
	pending: z.string().describe("Why the last update did not reach it.").exactOptional(),
});

export const inventoryOutput = z.strictObject({
	schemaVersion: z.literal(1),
	environment: z.string().describe("Name of the stack."),
	fleet: z.string(),
	hubUrls: z.array(z.string()).describe("Where devices connect: tls://host:port, every node's."),
	versionFloor: z.string().describe("Oldest nats-server that a device may run."),
	devices: z.record(z.string(), device).describe("By name. One that is lost is not among them."),
});

export type InventoryDevice = z.infer<typeof device>;
export type InventoryOutput = z.infer<typeof inventoryOutput>;
