import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { getMonitor } from "@pulumi/pulumi/runtime/settings";
import { beforeEach, describe, expect, test } from "vitest";
import { Streams, type StreamsArgs } from "../../components/streams/streams";
import type { Settings } from "../../config/model";
import type { Topology } from "../../topology/model";
import { benchTopology } from "../support/bench-fleet";

interface Registered {
	readonly type: string;
	readonly name: string;
	readonly inputs: Record<string, unknown>;
	readonly protect: boolean;
	readonly retain: boolean;
	readonly deletedWith: string;
	readonly dependsOn: readonly string[];
	readonly secretOutputs: readonly string[];
}

let registered: Registered[];
const SECRET = "4dabf18193072939515e22adb298388d";
const connection = { urls: ["tls://hub:7422"], ca: "", adminCreds: "admin secret", systemCreds: "system secret" };

beforeEach(async () => {
	registered = [];
	const mocks: pulumi.runtime.Mocks = {
		newResource: ({ name, inputs }) => {
			const all = name === "all";
			const pending = all ? { edge1: "offline" } : {};
			const why = all ? { edge2: "its answer cannot be used" } : name === "hub_can" && { edge3: "is not drained" };
			const failed = why && { failed: why };
			return { id: name, state: { ...inputs, pending, ...failed } };
		},
		call: () => ({}),
	};
	await pulumi.runtime.setMocks(mocks, "leafline", "test");
	record(getMonitor() as unknown as Monitor);
});

interface Monitor {
	registerResource(request: RegisterResourceRequest, done: unknown): unknown;
}

/** Notes what is registered, with the options, which mocks are not told. */
function record(monitor: Monitor): void {
	const register = monitor.registerResource.bind(monitor);
	monitor.registerResource = (request, done) => {
		registered.push({
			type: request.getType(),
			name: request.getName(),
			inputs: request.getObject()?.toJavaScript() as Record<string, unknown>,
			protect: request.getProtect() ?? false,
			retain: request.getRetainondelete() ?? false,
			deletedWith: request.getDeletedwith(),
			dependsOn: request.getDependenciesList().map((urn) => urn.split("::").pop() ?? ""),
			secretOutputs: request.getAdditionalsecretoutputsList(),
		});
		return register(request, done);
	};
}

/** A hub, in place of the real component. */
class Hub extends pulumi.ComponentResource {
	constructor() {
		super("leafline:test:Hub", "hub");
	}
}

async function make(settings: Partial<Settings> = {}, args: Partial<StreamsArgs> = {}): Promise<Streams> {
	const planned = benchTopology(1);
	const topology: Topology = { ...planned, settings: { ...planned.settings, ...settings } };
	const streams = new Streams("streams", { topology, connection, ...args });
	const judged = streams.judge([streams.journal]);
	await new Promise((resolve) => streams.pending.apply(resolve));
	const all = [...Object.values(streams.hubStreams), ...Object.values(streams.edgeStreams), judged];
	await Promise.all(all.map(({ urn }) => new Promise((resolve) => urn.apply(resolve))));
	return streams;
}

const find = (name: string) => {
	const found = registered.find((resource) => resource.name === name);
	if (!found) throw new Error(`no ${name} among ${registered.map((resource) => resource.name)}`);
	return found;
};

describe("the streams of a topology", () => {
	test("are one resource a hub stream and one a group, named by stable keys", async () => {
		await make();
		expect(registered.map(({ type, name }) => `${type.split(":").pop()} ${name}`).sort()).toEqual([
			"Devices devices",
			"EdgeStreams all",
			"Stream hub_can",
			"Stream hub_commands",
			"Stream leafline_journal",
			"Streams streams",
		]);
	});

	test("with room for releases there are two buckets, which go with the hub, for nothing in them is lost for good", async () => {
		await make({ rolloutBytes: 1024 ** 3, allowDataLoss: false, environment: "prod" }, { hub: new Hub() });
		for (const name of ["KV_leafline_releases", "KV_leafline_rollout"]) {
			const { protect, retain, deletedWith, dependsOn, secretOutputs } = find(name);
			expect({ protect, retain }).toEqual({ protect: false, retain: false });
			expect(deletedWith).toContain("hub");
			expect(dependsOn).toEqual(["leafline_journal"]);
			expect(secretOutputs).toContain("connection");
		}
	});

	test("devices that failed, there or at the hub, fail the last resource of all, and no stream", async () => {
		await make();
		const { inputs, dependsOn } = find("devices");
		expect(inputs.failed).toEqual({ edge2: "its answer cannot be used", edge3: "is not drained" });
		expect(dependsOn).toEqual(expect.arrayContaining(["all", "hub_can", "hub_commands", "leafline_journal"]));
	});

	test("are made in the order of the data, behind the journal that hears of it: downlink, devices, uplink", async () => {
		await make();
		expect(find("leafline_journal").dependsOn).toEqual([]);
		expect(find("hub_commands").dependsOn).toEqual(["leafline_journal"]);
		expect(find("all").dependsOn).toContain("hub_commands");
		expect(find("hub_can").dependsOn).toContain("all");
	});

	test("carry classes and devices as they were planned, and sources by name", async () => {
		await make();
		const planned = benchTopology(1);
		expect(find("all").inputs).toMatchObject({ key: "all", ...planned.edgeGroups.all });
		const { config, sources } = find("hub_can").inputs as { config: object; sources: Record<string, object> };
		expect(Object.keys(sources)).toEqual(Object.keys(planned.devices).map((device) => `${device}_can`));
		expect(config).not.toHaveProperty("sources");
	});

	test("keep the connection secret, as input and as output", async () => {
		await make();
		for (const name of ["leafline_journal", "hub_can", "hub_commands", "all"]) {
			expect(find(name).inputs.connection).toHaveProperty(SECRET);
			expect(find(name).secretOutputs).toContain("connection");
		}
	});

	test("tell which devices are pending", async () => {
		const { pending } = await make();
		expect(await new Promise((resolve) => pending.apply(resolve))).toEqual({ edge1: "offline" });
	});
});

describe("hub streams", () => {
	test("are protected, and retained in staging and prod", async () => {
		await make({ allowDataLoss: false, environment: "dev" });
		expect(find("hub_can")).toMatchObject({ protect: true, retain: false });
		for (const environment of ["staging", "prod"]) {
			registered = [];
			await make({ allowDataLoss: false, environment });
			expect(find("hub_can")).toMatchObject({ protect: true, retain: true });
			expect(find("leafline_journal")).toMatchObject({ protect: true, retain: true });
		}
	});

	test("go with the hub where messages may be lost", async () => {
		await make({ allowDataLoss: true, environment: "prod" }, { hub: new Hub() });
		expect(find("hub_can")).toMatchObject({ protect: false, retain: false });
		expect(find("hub_can").deletedWith).toContain("leafline:test:Hub::hub");
	});
});

test("streams on devices are neither protected nor deleted when the hub goes", async () => {
	await make({ allowDataLoss: false, environment: "prod" }, { hub: new Hub() });
	expect(find("all")).toMatchObject({ protect: false, retain: false });
	expect(find("all").deletedWith).toContain("leafline:test:Hub::hub");
	expect(find("hub_can").deletedWith).toBe("");
});
