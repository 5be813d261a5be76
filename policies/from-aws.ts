import { hubServerName, hubTree } from "../render/hub";
import { type Access, accessTo, INTERNET } from "../render/node/access";
import { PARAMETER, parameterPath, SECRET_PARAMETERS } from "../render/node/files";
import { nodeOptions, routesBetween } from "../render/node/hub-conf";
import { renderReport } from "../render/node/report";
import { renderUserData } from "../render/node/script";
import { renderUnit } from "../render/node/unit";
import { type AwsHubPlan, planAwsHub } from "../topology/aws";
import type { Topology } from "../topology/model";
import { HUB_DOMAIN } from "../topology/names";
import {
	type Design,
	type DesignIngress,
	type DesignInstance,
	type DesignParameter,
	type DesignServer,
	type DesignVolume,
	type Origin,
	UNKNOWN,
} from "./model";

type HubDesign = Pick<Design, "servers" | "ingress" | "instances" | "volumes" | "parameters">;

/** Stands for the stack's region, which no rule asks for. */
const REGION = "eu-central-1";

const GIB = 1024 ** 3;

/**
 * The machines of a hub on AWS, as its plan has them and as the components make them. Keys, certificates and addresses
 * exist only in a deployment; their places in the configurations do already.
 */
export function awsHub(topology: Topology): HubDesign {
	const plan = planAwsHub(topology);
	return {
		servers: servers(topology, plan),
		ingress: accessTo(topology.settings.hub).map(ingress),
		instances: plan.nodes.map(({ index }) => instance(topology, plan, index)),
		volumes: volumes(topology, plan),
		parameters: plan.nodes.flatMap(({ index }) => parameters(topology, index)),
	};
}

function servers(topology: Topology, { nodes, volume }: AwsHubPlan): DesignServer[] {
	const { hub } = topology.settings;
	// Whatever a network interface is given, nobody reaches it by that address from the Internet.
	const addresses = nodes.map(({ index }) => `10.0.0.${index + 10}`);
	return addresses.map((privateAddress, index) => {
		const host = hub.addresses[index] ?? HUB_DOMAIN;
		const node = nodeOptions(hub, { index, host, privateAddress, routes: routesBetween(addresses) });
		const identity = { operatorJwt: "operator.jwt", systemAccount: "SYS", preload: {} };
		return {
			origin: at(hubServerName(topology, index)),
			role: "hub",
			conf: hubTree(topology, { ...node, ...identity }),
			edition: hub.server,
			...(volume && { diskBytes: volume.sizeGiB * GIB }),
		};
	});
}

const SETTING: Readonly<Record<string, readonly string[]>> = { leaves: ["leafPort"], "routes-in": ["nodes"] };

function ingress({ key, port, from }: Access): DesignIngress {
	return {
		origin: at(`${key} of the hub`, ...(SETTING[key] ?? ["aws", "readers"])),
		protocol: "tcp",
		fromPort: port,
		toPort: port,
		cidrs: from === "internet" ? [INTERNET] : [],
		prefixLists: [],
		groups: from === "internet" ? [] : [from === "nodes" ? HUB_DOMAIN : from.group],
	};
}

function instance(topology: Topology, plan: AwsHubPlan, node: number): DesignInstance {
	const { environment, hub } = topology.settings;
	const replicas = Object.values(topology.hubStreams).map(({ config }) => config.num_replicas);
	return {
		origin: at(`machine of ${hubServerName(topology, node)}`, "aws"),
		ami: plan.image,
		// An id or an exact name: the settings take nothing else.
		floatingAmi: false,
		keyName: undefined,
		httpTokens: plan.httpTokens,
		userData: renderUserData({ region: REGION, path: parameterPath(environment, node) }),
		rootEncrypted: plan.rootEncrypted,
		disks: [],
		publicAddress: true,
		instanceStore: hub.aws?.storage === "instance-store",
		...(replicas.length > 0 && { replicas: Math.min(...replicas) }),
	};
}

function volumes(topology: Topology, { nodes, volume }: AwsHubPlan): DesignVolume[] {
	if (volume === undefined) return [];
	const { encrypted, keep } = volume;
	return nodes.map(({ index }) => {
		// The one setting that says anything of their safety.
		const place = { document: "settings", path: ["allowDataLoss"] } as const;
		const label = `data volume of ${hubServerName(topology, index)}`;
		return { origin: { label, place }, encrypted, protected: keep };
	});
}

/** What is secret, and what is rendered from nothing but the topology. */
function parameters(topology: Topology, node: number): DesignParameter[] {
	const parameter = (name: string, value: DesignParameter["value"]): DesignParameter => {
		const secret = SECRET_PARAMETERS.includes(name);
		return { origin: at(`${name} of ${hubServerName(topology, node)}`, "aws"), encrypted: secret, secret, value };
	};
	return [
		...SECRET_PARAMETERS.map((name) => parameter(name, UNKNOWN)),
		parameter(PARAMETER.unit, renderUnit()),
		parameter(PARAMETER.report, renderReport()),
	];
}

function at(label: string, ...setting: string[]): Origin {
	return { label, place: { document: "settings", path: ["hub", ...setting] } };
}
