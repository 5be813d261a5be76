import * as pulumi from "@pulumi/pulumi";
import { createKeys, type Keys } from "../../components/identity/keys";
import { parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { withServer } from "../support/server-file";

/** A resource that a program asked for. */
export interface Seen {
	readonly type: string;
	readonly name: string;
	/** Secrets are opened; `secrets` names them. */
	readonly inputs: Readonly<Record<string, unknown>>;
	readonly secrets: readonly string[];
	readonly opts: pulumi.CustomResourceOptions;
}

export interface Deployed {
	readonly all: readonly Seen[];
	/** Tokens of what the program looked up. */
	readonly looks: readonly string[];
	/** Of a type, for example `aws:ec2/instance:Instance`, by name. */
	of(type: string): Readonly<Record<string, Seen>>;
	/** The only resource of a type and a name. */
	one(type: string, name: string): Seen;
	readonly hosts: readonly string[];
	readonly urls: readonly string[];
	readonly generation: string;
}

const FLEET = `apiVersion: leafline/v1
fleet: trucks
hardware:
  board: { arch: arm64, buffer: 1GiB, sync: 250ms }
link: { up: 20Mbit/s, down: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  can: { rate: 20/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: "truck-[001-003]", hardware: board }
`;

/** How the engine is told that a value is secret. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** Plans the fleet with the settings of a stack; fails where they are wrong. */
export function awsTopology(hub: object = {}, stack = "prod", more: object = {}): Topology {
	const { settings, problems } = parseSettings(stack, {
		fleet: "fleet.yaml",
		hub: { file: "100GiB", ...hub },
		...more,
	});
	const { fleet } = parseFleet(FLEET, "fleet.yaml");
	const planned = settings && fleet && plan(fleet, settings);
	if (!planned?.topology) throw new Error(JSON.stringify([...problems, ...(planned?.problems ?? [])]));
	return planned.topology;
}

/** What must be real of a hub that is to run. Its server is then the one that `npm run server` provides. */
export interface Real {
	readonly keys: Keys;
	readonly certificates: { readonly caPem: string; readonly serverCert: string; readonly serverKey: string };
}

const MADE_UP: Real = {
	keys: createKeys(0),
	certificates: { caPem: "ca", serverCert: "leaf certificate", serverKey: "leaf key" },
};

/** Makes the site and the hub on Pulumi's mocks: what AWS would answer is made up. */
export async function deploy(topology: Topology, real?: Real): Promise<Deployed> {
	const all: Seen[] = [];
	const looks = new Set<string>();
	const options = new Map<string, pulumi.CustomResourceOptions>();
	await pulumi.runtime.setMocks(
		{
			newResource: ({ type, name, inputs }) => {
				const { clear, secrets } = opened(inputs);
				all.push({ type, name, inputs: clear, secrets, opts: options.get(`${type} ${name}`) ?? {} });
				return answer(type, name, inputs);
			},
			call: ({ token, inputs }) => {
				looks.add(token);
				return look(token, inputs);
			},
		},
		"leafline",
		topology.settings.environment,
	);
	const { AwsSite } = await import("../../components/hub/aws/site");
	const { createAwsHub } = await import("../../components/hub/aws/create");
	const { Identity } = await import("../../components/identity/identity");
	const transformations: pulumi.ResourceTransformation[] = [
		({ type, name, opts }) => {
			options.set(`${type} ${name}`, opts);
			return undefined;
		},
	];
	const site = new AwsSite("site", { topology }, { transformations });
	const identity = new Identity("identity", { topology, hosts: site.hosts, ...(real ?? MADE_UP) });
	const make = async () => createAwsHub(topology, identity, site, { transformations });
	const hub = await (real ? make() : withServer(site.plan.architecture, make));
	const [hosts, urls, generation] = await Promise.all([
		resolved(site.hosts),
		resolved(site.urls),
		resolved(hub.generation),
	]);
	await pulumi.runtime.disconnect();
	const of = (type: string) =>
		Object.fromEntries(all.filter((seen) => seen.type === type).map((seen) => [seen.name, seen]));
	const one = (type: string, name: string) => {
		const found = of(type)[name];
		if (!found) throw new Error(`there is no ${type} ${name}, only ${Object.keys(of(type)).join(", ")}`);
		return found;
	};
	return { all, looks: [...looks], of, one, hosts, urls, generation };
}

function resolved<T>(output: pulumi.Output<T>): Promise<T> {
	return new Promise((resolve) => {
		output.apply(resolve);
	});
}

/** Ids and addresses, a different one for each resource. */
function answer(type: string, name: string, inputs: Record<string, unknown>) {
	const node = Number(/-(\d)$/.exec(name)?.[1] ?? 1);
	const state: Record<string, unknown> = { ...inputs, arn: `arn:${name}`, name: inputs.name ?? name };
	const hex = String(node).padStart(17, "0");
	if (type === "aws:ec2/eip:Eip") return { id: `eipalloc-${hex}`, state: { ...state, publicIp: `198.51.100.${node}` } };
	if (type === "aws:ec2/networkInterface:NetworkInterface") {
		const [own = `10.0.${node}.77`] = (inputs.privateIps as string[] | undefined) ?? [];
		return { id: `eni-${hex}`, state: { ...state, privateIp: own } };
	}
	if (type === "aws:ebs/volume:Volume") return { id: `vol-${hex}`, state };
	if (type === "aws:ec2/instance:Instance") return { id: `i-${hex}`, state };
	if (type.startsWith("pulumi-nodejs:dynamic/leafline:RouteCertificates")) {
		return {
			id: name,
			state: { ...state, caPem: "route ca", serverCert: "route certificate", serverKey: "route key" },
		};
	}
	return { id: `${name}-id`, state };
}

function look(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
	switch (token) {
		case "aws:index/getAvailabilityZones:getAvailabilityZones":
			return { names: ["eu-central-1d", "eu-central-1a", "eu-central-1b", "eu-central-1c"] };
		case "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings":
			return { locations: ["eu-central-1d", "eu-central-1c", "eu-central-1a"] };
		case "aws:index/getRegion:getRegion":
			return { region: "eu-central-1" };
		case "aws:index/getPartition:getPartition":
			return { partition: "aws" };
		case "aws:index/getCallerIdentity:getCallerIdentity":
			return { accountId: "123456789012" };
		case "aws:ec2/getAmi:getAmi":
			return { id: "ami-0123456789abcdef0" };
		case "aws:ec2/getSubnet:getSubnet":
			return { availabilityZone: `eu-central-1${String(inputs.id).slice(-1)}` };
		case "aws:ec2/getVpc:getVpc":
			return { cidrBlockAssociations: [{ cidrBlock: "172.31.0.0/16" }] };
		default:
			return inputs;
	}
}

function opened(inputs: Record<string, unknown>): { clear: Record<string, unknown>; secrets: string[] } {
	const secrets: string[] = [];
	const entries = Object.entries(inputs).map(([key, value]) => {
		const wrapped = typeof value === "object" && value !== null && SECRET_MARK in value;
		if (wrapped) secrets.push(key);
		return [key, wrapped ? (value as unknown as { value: unknown }).value : value];
	});
	return { clear: Object.fromEntries(entries), secrets };
}
