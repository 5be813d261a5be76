import { describe, expect, it } from "vitest";
import { formatTopologyProblems } from "../../config/report";
import { parseSettings } from "../../config/settings";

/** What is said about settings that stand in no file. */
function complaint(stack: string, raw: Record<string, unknown>): string[] {
	const { problems } = parseSettings(stack, raw);
	return formatTopologyProblems(problems, { settingsFile: "Pulumi.x.yaml" }).split("\n");
}

const AWS = { fleet: "fleets/mine.yaml" };

describe("settings", () => {
	it("of the local stack need nothing", () => {
		expect(parseSettings("local", {})).toEqual({
			problems: [],
			settings: {
				environment: "local",
				fleet: "fleets/demo.yaml",
				hub: {
					kind: "local",
					nodes: 1,
					server: "leafline",
					leafPort: 7422,
					clientPort: 4222,
					monitorPort: 8222,
					routePort: 6222,
					addresses: ["127.0.0.1"],
					storeDir: ".leafline/local/hub/jetstream",
					memoryBytes: 1024 ** 3,
					fileBytes: 100 * 1024 ** 3,
					sync: 250,
				},
				leaves: { local: true, clientPort: 14_222, linkPort: 17_422, mqttPort: 11_883, limit: 32 },
				sourcing: "durable",
				allowDataLoss: true,
				ignorePending: false,
				adopt: [],
				controlUrls: [],
			},
		});
	});

	it("of other stacks are careful", () => {
		const { settings } = parseSettings("prod", AWS);
		expect(settings).toMatchObject({
			environment: "prod",
			fleet: "fleets/mine.yaml",
			hub: { kind: "aws", nodes: 1, addresses: [], storeDir: "/data/nats/hub" },
			leaves: { local: false },
			allowDataLoss: false,
		});
	});

	it("follow the kind of hub, and not the name of the stack, where it is stated", () => {
		const { settings } = parseSettings("try", { hub: { kind: "local" } });
		expect(settings).toMatchObject({ environment: "try", fleet: "fleets/demo.yaml", allowDataLoss: true });
		expect(settings?.leaves.local).toBe(true);
	});

	it("are taken as stated", () => {
		const raw = {
			...AWS,
			hub: {
				kind: "aws",
				nodes: 3,
				server: "official",
				leafPort: 7000,
				clientPort: 7001,
				monitorPort: 7002,
				routePort: 7003,
				addresses: ["hub.example.com", "192.0.2.1", "192.0.2.2"],
				storeDir: "/data/nats/hub",
				memory: "2GiB",
				file: "1TiB",
				sync: "always",
			},
			leaves: { local: false, clientPort: 20_000, linkPort: 21_000, mqttPort: 11_883, limit: 5 },
			sourcing: "ephemeral",
			allowDataLoss: true,
			ignorePending: true,
			adopt: ["hub_can"],
			controlUrls: ["tls://hub.example.com:4222"],
			rollout: "1GiB",
		};
		const { memory: _memory, file: _file, ...hub } = raw.hub;
		const { rollout: _rollout, ...others } = raw;
		const { settings } = parseSettings("prod", raw);
		expect(settings).toEqual({
			...others,
			environment: "prod",
			rolloutBytes: 1024 ** 3,
			hub: { ...hub, memoryBytes: 2 * 1024 ** 3, fileBytes: 1024 ** 4, aws: settings?.hub.aws },
		});
	});

	it("may be texts, as `pulumi config set` writes them", () => {
		const raw = { hub: { nodes: "1", leafPort: "7000" }, allowDataLoss: "false", leaves: { local: "false" } };
		expect(parseSettings("local", raw).settings).toMatchObject({
			hub: { nodes: 1, leafPort: 7000 },
			allowDataLoss: false,
			leaves: { local: false },
		});
	});

	it.each([
		["a misspelt key", { flet: "a.yaml" }, "leafline:flet: unknown key; did you mean fleet?"],
		[
			"a key of the hub's",
			{ nodes: 3 },
			"leafline:nodes: unknown key; known here: fleet, hub, leaves, sourcing, allowDataLoss, ignorePending, adopt, controlUrls, rollout",
		],
		[
			"a misspelt key of the hub's",
			{ hub: { leafport: 1 } },
			"leafline:hub.leafport: unknown key; did you mean leafPort?",
		],
		[
			"a fleet that is no YAML file",
			{ fleet: "fleets" },
			'leafline:fleet: "fleets" is not the path of a YAML file; write for example fleets/mine.yaml',
		],
		["an unknown kind of hub", { hub: { kind: "gcp" } }, 'leafline:hub.kind: "gcp" is not known; write local or aws'],
		["two nodes", { hub: { nodes: 2 } }, "leafline:hub.nodes: 2 is not possible; write 1 or 3"],
		[
			"a disk without a unit",
			{ hub: { file: 100 } },
			"leafline:hub.file: 100 has no unit; write 100B, 100KiB, 100MiB or 100GiB",
		],
		[
			"a port in words",
			{ hub: { leafPort: "leaf" } },
			'leafline:hub.leafPort: "leaf" is not possible; write a whole number from 1 to 65535',
		],
		["a text for a list", { adopt: "hub_can" }, 'leafline:adopt: "hub_can" is not a list; write [hub_can]'],
		[
			"an address with a scheme",
			{ hub: { addresses: ["tls://hub"] } },
			'leafline:hub.addresses[0]: "tls://hub" is not a host name or address; write hub',
		],
		[
			"an address with a port",
			{ hub: { addresses: ["a.example.com:7422"] } },
			'leafline:hub.addresses[0]: "a.example.com:7422" is not a host name or address; write a.example.com',
		],
		[
			"an address with an empty label",
			{ hub: { addresses: ["hub..example.com"] } },
			'leafline:hub.addresses[0]: "hub..example.com" is not a host name or address; write hub.example.com',
		],
		[
			"an address in other letters",
			{ hub: { addresses: ["grube-süd.example"] } },
			'leafline:hub.addresses[0]: "grube-süd.example" is not a host name or address; write xn--grube-sd-d6a.example',
		],
		[
			"an address that is none",
			{ hub: { addresses: ["192.0.2.256"] } },
			'leafline:hub.addresses[0]: "192.0.2.256" is not a host name or address; write for example hub.example.com',
		],
		[
			"an address twice",
			{ hub: { addresses: ["192.0.2.1", "192.0.2.1"] } },
			'leafline:hub.addresses[1]: "192.0.2.1" stands here twice; name each once',
		],
		[
			"a folder that climbs",
			{ hub: { storeDir: "data/../../etc" } },
			'leafline:hub.storeDir: "data/../../etc" leads elsewhere, to ../etc; write for example /data/nats/hub',
		],
		["a key as a path", { "hub.nodes": 3 }, '"leafline:hub.nodes": unknown key; write hub: { nodes: … }'],
		[
			"a URL with a user",
			{ controlUrls: ["nats://me:secret-word@hub.example.com:4222"] },
			"leafline:controlUrls[0]: names a user, and leafline comes with credentials of its own; write nats://hub.example.com:4222",
		],
		[
			"devices here of a hub elsewhere",
			{ fleet: "a.yaml", hub: { kind: "aws" }, leaves: { local: true } },
			"leafline:leaves.local: true is for a hub on this machine, and this one is on AWS; leave it out",
		],
		[
			"a URL that is none",
			{ controlUrls: ["hub"] },
			'leafline:controlUrls[0]: "hub" is not a NATS URL; write for example tls://hub.example.com:4222',
		],
		[
			"neither true nor false",
			{ allowDataLoss: "maybe" },
			'leafline:allowDataLoss: "maybe" is neither true nor false; write true or false',
		],
		[
			"an unknown way of sourcing",
			{ sourcing: "durabel" },
			'leafline:sourcing: "durabel" is not known; did you mean durable?',
		],
		[
			"a hub that is no map",
			{ hub: "aws" },
			'leafline:hub: "aws" is not a map; write its fields: kind, nodes, server, leafPort, clientPort, monitorPort, routePort, addresses, storeDir, memory, file, sync, aws',
		],
		[
			"the same port twice",
			{ hub: { monitorPort: 4222 } },
			"leafline:hub.monitorPort: port 4222 cannot be used, hub.clientPort has port 4222; choose another port",
		],
		[
			"a port among those of devices",
			{ hub: { leafPort: 14_253 } },
			"leafline:leaves.clientPort: ports 14222 to 14253 cannot be used, hub.leafPort has port 14253; choose another port",
		],
		[
			"overlapping ports of devices",
			{ leaves: { linkPort: 14_200 } },
			"leafline:leaves.linkPort: ports 14200 to 14231 cannot be used, leaves.clientPort has ports 14222 to 14253; choose another port",
		],
		[
			"ports beyond the last",
			{ leaves: { linkPort: 65_530 } },
			"leafline:leaves.linkPort: 65530 and 31 more ports end after 65535; choose a lower port",
		],
		[
			"a port among those of the nodes",
			{ hub: { nodes: 3, monitorPort: 4224 } },
			"leafline:hub.monitorPort: ports 4224 to 4226 cannot be used, hub.clientPort has ports 4222 to 4224; choose another port",
		],
		[
			"links to three nodes among other ports",
			{ hub: { nodes: 3 }, leaves: { clientPort: 17_500 } },
			"leafline:leaves.linkPort: ports 17422 to 17517 cannot be used, leaves.clientPort has ports 17500 to 17531; choose another port",
		],
	])("refuse %s", (_, raw, message) => {
		expect(complaint("local", raw)).toEqual([`Pulumi.x.yaml  ${message}`]);
	});

	it("do not count devices' ports where none runs on this machine", () => {
		expect(parseSettings("prod", { ...AWS, hub: { leafPort: 14_222 } }).problems).toEqual([]);
	});

	it("name the fleet, where the hub is not on this machine", () => {
		expect(complaint("prod", {})).toEqual([
			"Pulumi.x.yaml  leafline:fleet: is missing; write for example fleets/mine.yaml",
		]);
	});

	it("have all their mistakes reported at once", () => {
		const raw = { fleet: 5, hub: { nodes: 4, memory: "1" }, leaves: { limit: 0 }, sourcing: "x" };
		expect(complaint("local", raw)).toEqual([
			"Pulumi.x.yaml  leafline:fleet: 5 is not the path of a YAML file; write for example fleets/mine.yaml",
			"Pulumi.x.yaml  leafline:hub.nodes: 4 is not possible; write 1 or 3",
			'Pulumi.x.yaml  leafline:hub.memory: "1" has no unit; write 1B, 1KiB, 1MiB or 1GiB',
			"Pulumi.x.yaml  leafline:leaves.limit: 0 is not possible; write a whole number from 1 to 256",
			'Pulumi.x.yaml  leafline:sourcing: "x" is not known; write durable or ephemeral',
		]);
	});
});
