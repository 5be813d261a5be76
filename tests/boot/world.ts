import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ACCOUNTS, accountJwts, fleetClaims } from "../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { adminCreds, deviceCreds, systemCreds } from "../../components/identity/credentials";
import { accountSeeds, createKeys, deviceSigning } from "../../components/identity/keys";
import { openFleet, parseFleet } from "../../config/fleet";
import type { Fleet } from "../../config/model";
import { parseSettings } from "../../config/settings";
import type { Connection } from "../../control/connection";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { type Deployed, deploy } from "../aws/deploy";

/** One device. */
const FLEET = `apiVersion: leafline/v1
fleet: boot
hardware: { board: { arch: amd64, buffer: 256MiB } }
link: { up: 20Mbit/s, rtt: 20ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups: { all: { devices: "edge1", hardware: board } }
`;

const ROOT = join(__dirname, "..", "..");
const ENVIRONMENT = "prod";
/** The emulator is a PC. */
const INSTANCE_TYPE = "c7i.large";

/** What the program makes of a hub of one node, from the settings of the stack prod. */
export interface World {
	readonly topology: Topology;
	/** How the hub is administered: over its leaf port. */
	readonly connection: Connection;
	/** Accounts to be pushed. */
	readonly accounts: readonly string[];
	readonly region: string;
	readonly userData: string;
	/** Of the document that Run Command runs on a node, JSON. */
	readonly document: string;
	/** Name and text of each of the node's parameters, and whether it is secret. */
	readonly parameters: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>;
	/** What lies before the names. */
	readonly path: string;
	/** Id of the data volume. */
	readonly volume: string;
	credentials(device: string): string;
}

/** Deploys the stack's own components, with Pulumi's mocks for AWS. @param address where devices reach the machine */
export async function makeWorld(address: string): Promise<World> {
	const { fleet, problems } = parseFleet(FLEET, "boot.yaml");
	if (!fleet) throw new Error(JSON.stringify(problems));
	const topology = prodTopology(fleet, { nodes: 1, addresses: [address], aws: { instanceType: INSTANCE_TYPE } });
	const keys = createKeys();
	const now = Date.now();
	const certificates = await createServerCertificate(await createAuthority(now), [address], now);
	const { one, of } = await deploy(topology, { keys, certificates });
	const path = `/leafline/${ENVIRONMENT}/hub/1`;
	const all = Object.values(of("aws:ssm/parameter:Parameter")).map(({ inputs }) => [
		String(inputs.name).slice(path.length + 1),
		{ value: String(inputs.value ?? inputs.insecureValue), secret: inputs.type === "SecureString" },
	]);
	const jwts = accountJwts(
		accountSeeds(keys),
		fleetClaims(keys, topology),
		Math.max(keys.createdAt + 1, Math.floor(now / 1000)),
	);
	const parameters = Object.fromEntries(all) as World["parameters"];
	return {
		topology,
		connection: {
			urls: [`tls://${address}:${topology.settings.hub.leafPort}`],
			ca: certificates.caPem,
			adminCreds: adminCreds(keys, { direct: false }),
			systemCreds: systemCreds(keys, { direct: false }),
		},
		accounts: ACCOUNTS.map((account) => jwts[account]),
		region: "eu-central-1",
		userData: userDataOf(one("aws:ec2/instance:Instance", "hub-1")),
		document: String(Object.values(of("aws:ssm/document:Document"))[0]?.inputs.content),
		parameters,
		path,
		volume: (parameters.volume?.value ?? "").replace(/^serial=vol(\w+)\n$/, "vol-$1"),
		credentials: (device) => deviceCreds(deviceSigning(keys), device),
	};
}

/** User-data of every node of prod as its file in this repository has it. */
export async function prodUserData(): Promise<string[]> {
	const stack = await deploy(prodTopology(openFleet(join(ROOT, String(prodSetting("fleet")))).fleet, {}));
	return Object.values(stack.of("aws:ec2/instance:Instance")).map(userDataOf);
}

function userDataOf({ inputs }: ReturnType<Deployed["one"]>): string {
	return String(inputs.userData);
}

function prodTopology(fleet: Fleet, hub: Record<string, unknown>): Topology {
	const { settings, problems } = parseSettings(ENVIRONMENT, {
		fleet: prodSetting("fleet"),
		hub: { ...(prodSetting("hub") as object), ...hub },
	});
	const made = settings && plan(fleet, settings);
	if (made?.topology) return made.topology;
	throw new Error(JSON.stringify([...problems, ...(made?.problems ?? [])], null, "\t"));
}

function prodSetting(name: string): unknown {
	const file = parse(readFileSync(join(ROOT, `Pulumi.${ENVIRONMENT}.yaml`), "utf8"));
	return (file.config as Record<string, unknown>)[`leafline:${name}`];
}
