import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020";
import { expect, test } from "vitest";
import { linksSpec } from "../../components/leaves/sites";
import type { Fleet, Settings } from "../../config/model";
import { buildOutputs } from "../../contract/build";
import { contracts, jsonSchemaText } from "../../contract/json-schema";
import { leaflineOutput, stackOutputs } from "../../contract/outputs";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { downlink, makeFleet, makeSettings, uplink } from "../topology/fixtures";
import { CA } from "./fixture";

const LIVE = { ca: CA, versionFloor: "2.15.0", pending: {} };

function planned(fleet: Fleet, settings: Settings = makeSettings()): Topology {
	const { topology, problems } = plan(fleet, settings);
	expect(problems).toEqual([]);
	if (!topology) throw new Error("no topology");
	return topology;
}

const everything = () =>
	planned(
		makeFleet({
			devices: ["edge1", "edge2", "edge3", "edge4"],
			retired: { edge2: "lost", edge3: "drain" },
			downlink: { commands: downlink() },
			consumers: { lake: { class: "can", deliver: "all", ackWaitMs: 30_000, maxAckPending: 1000 } },
			classes: {
				can: uplink({ accepts: ["vehicle.>"], shards: 2 }),
				debug: uplink({ whenFull: "drop-oldest", storage: "memory", rate: 5 }),
			},
		}),
	);

test("the hub's server is told by its version", () => {
	const hub = (serverVersion?: string) =>
		buildOutputs(everything(), { ...LIVE, ...(serverVersion !== undefined && { serverVersion }) }).hub;
	expect(hub("2.15.2+leafline.4")).toMatchObject({ server: "leafline", serverVersion: "2.15.2+leafline.4" });
	expect(hub("2.15.2")).toMatchObject({ server: "official", serverVersion: "2.15.2" });
	expect(Object.keys(hub())).not.toContain("server");
});

test("what is built complies with the schema, for a fleet that uses everything", () => {
	const outputs = buildOutputs(everything(), { ...LIVE, pending: { edge4: "no answer" } });
	expect(leaflineOutput.parse(outputs)).toEqual(outputs);
});

test("nothing in it is undefined, which the engine would refuse", () => {
	const outputs = buildOutputs(everything(), LIVE);
	expect(outputs).toStrictEqual(JSON.parse(JSON.stringify(outputs)));
});

test("a device that is drained keeps its place, one that is lost is named as such", () => {
	const { devices } = buildOutputs(everything(), LIVE);
	expect(Object.keys(devices)).toEqual(["edge1", "edge2", "edge3", "edge4"]);
	expect(devices.edge2).toMatchObject({ retired: "lost" });
	expect(devices.edge2).not.toHaveProperty("edgeGroup");
	expect(devices.edge3).toMatchObject({ retired: "drain", edgeGroup: "all", clientPort: 14_224 });
	expect(devices.edge4).not.toHaveProperty("retired");
});

test("a device's label is carried along, and none is made up", () => {
	const fleet = makeFleet({ devices: ["gw-0042", "gw-0043"] });
	const labelled = { name: "gw-0042", group: "all", label: "GW_0042" };
	const topology = planned({ ...fleet, devices: { ...fleet.devices, "gw-0042": labelled } });
	const { devices } = buildOutputs(topology, LIVE);
	expect(devices["gw-0042"]).toMatchObject({ label: "GW_0042" });
	expect(devices["gw-0043"]).not.toHaveProperty("label");
});

test("a device's hub stream is the one that sources it", () => {
	const { devices, streams, shards } = buildOutputs(everything(), LIVE);
	for (const device of ["edge1", "edge3", "edge4"]) {
		const stream = devices[device]?.hubStreams.can ?? "";
		expect(streams[stream]).toMatchObject({ class: "can", direction: "uplink" });
		expect(streams[stream]?.devices).toContain(device);
		expect(shards.can?.[stream]).toContain(device);
	}
});

test("the links are those that the local leaves make", () => {
	const topology = everything();
	const made = Object.entries(linksSpec(topology, { shaped: false }).links).map(([name, { listen }]) => [name, listen]);
	expect(buildOutputs(topology, LIVE).local?.links).toEqual(Object.fromEntries(made));
});

test("a hub elsewhere has no loopback addresses and no local part", () => {
	const settings = makeSettings({
		environment: "prod",
		hub: { kind: "aws", nodes: 3, addresses: ["a.example.com", "b.example.com"] },
		leaves: { local: false },
	});
	const outputs = buildOutputs(planned(makeFleet(), settings), LIVE);
	expect(leaflineOutput.parse(outputs)).toEqual(outputs);
	expect(outputs.hub).toEqual({
		kind: "aws",
		domain: "hub",
		apiPrefix: "$ADMIN.hub.API",
		urls: ["tls://a.example.com:7422", "tls://b.example.com:7422"],
		nodes: 3,
		syncMs: 250,
		journal: "leafline_journal",
		versionFloor: "2.15.0",
	});
	expect(outputs).not.toHaveProperty("local");
});

test.each(contracts)(
	"the published JSON Schema of %s is the one of this version; else run: npm run schemas",
	(name) => {
		expect(readFileSync(`docs/schema/${name}.json`, "utf8")).toBe(jsonSchemaText(name));
	},
);

test("JSON Schema and reader accept and refuse the same", () => {
	const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync("docs/schema/outputs.json", "utf8")));
	const good = () => ({
		leafline: buildOutputs(everything(), LIVE) as Record<string, unknown>,
		leafConfigs: { edge1: "server_name: edge1\n" },
		access: { adminCreds: "a", systemCreds: "s", readerCreds: { lake: "r" } },
		signing: {
			deviceSigningSeed: "s",
			devicesAccount: "A",
			releasesAccount: "R",
			fleetSecret: "f",
			createdAt: 1_800_000_000,
		},
	});
	const both = (outputs: unknown) => {
		const accepted = validate(outputs);
		expect(stackOutputs.safeParse(outputs).success, JSON.stringify(validate.errors)).toBe(accepted);
		return accepted;
	};
	expect(both(good())).toBe(true);
	const { signing: _, ...unsigned } = good();
	expect(both(unsigned)).toBe(true);
	expect(both({ ...good(), own: "output of a user's program" })).toBe(true);
	for (const wrong of [
		{ schemaVersion: 6 },
		{ unheardOf: true },
		{ environment: 1 },
		{ devices: { "Edge 1": {} } },
		{ budgets: undefined },
		{ ca: "-----BEGIN PRIVATE KEY-----" },
	])
		expect(both({ ...good(), leafline: JSON.parse(JSON.stringify({ ...good().leafline, ...wrong })) })).toBe(false);
	expect(both({ ...good(), access: { adminCreds: "a" } })).toBe(false);
	expect(both({ ...good(), leafConfigs: { edge1: 1 } })).toBe(false);
});

test("the lowest versions of clients are those of the documentation's table", () => {
	const table = readFileSync("docs/clients.md", "utf8");
	for (const [language, version] of Object.entries(buildOutputs(everything(), LIVE).clients ?? {})) {
		const row = table.split("\n").find((line) => line.toLowerCase().startsWith(`| ${language}, `));
		expect(row, language).toContain(`| **${version}**`);
	}
});
