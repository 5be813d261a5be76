import { expandEdge } from "../../topology/edge";
import type { ConsumerConfig, StreamConfig } from "../../topology/jetstream";
import type { EdgeGroup } from "../../topology/model";
import { HUB_DOMAIN } from "../../topology/names";
import { deviceRole } from "../../topology/permissions";
import { type Design, type DesignDevice, type DesignRole, type DesignStream, UNKNOWN } from "../model";
import { hasUnknown, isRecord, list, number, type Plain, type PlainRecord, texts } from "./plain";
import { originOf, type Resource } from "./resource";

/** Resources that leafline's own components make, by type. */
export const LEAFLINE = {
	stream: "pulumi-nodejs:dynamic/leafline:Stream",
	edgeStreams: "pulumi-nodejs:dynamic/leafline:EdgeStreams",
	accounts: "pulumi-nodejs:dynamic/leafline:Accounts",
} as const;

/** Of a stream of which nothing is known yet. */
const UNKNOWN_CONFIG: DesignStream["config"] = {
	name: UNKNOWN,
	subjects: UNKNOWN,
	retention: UNKNOWN,
	storage: UNKNOWN,
	discard: UNKNOWN,
	num_replicas: UNKNOWN,
	max_msgs: UNKNOWN,
	max_bytes: UNKNOWN,
	max_age: UNKNOWN,
	duplicate_window: UNKNOWN,
	sources: UNKNOWN,
	mirror: UNKNOWN,
};

/** Streams, devices and roles of leafline's resources. */
export function leaflineParts(resources: readonly Resource[]): Pick<Design, "streams" | "devices" | "roles"> {
	const ofType = (type: string) => resources.filter((resource) => resource.type === type);
	const groups = ofType(LEAFLINE.edgeStreams);
	const accounts = ofType(LEAFLINE.accounts);
	const critical = criticalClasses(groups);
	const [servers] = accounts.map(({ inputs }) => number(inputs.servers, undefined));
	const nodes = typeof servers === "number" ? { nodes: servers } : {};
	const hub = ofType(LEAFLINE.stream).map((resource) => ({ ...hubStream(resource, critical), ...nodes }));
	return {
		streams: [...hub, ...groups.flatMap(edgeStreams)],
		devices: groups.flatMap(devices),
		roles: accounts.flatMap((resource) => deviceRoles(resource, hub)),
	};
}

/** The program keeps sources by name beside the configuration, so that one more changes nothing else. */
function hubStream(resource: Resource, critical: ReadonlySet<string>): DesignStream {
	const { config, sources, consumers } = resource.inputs;
	const settings = isRecord(config) ? config : undefined;
	const name = typeof settings?.name === "string" ? settings.name : resource.name;
	const className = /^hub_([a-z][a-z0-9]*)(?:_\d+)?$/.exec(name)?.[1];
	return {
		origin: originOf(resource, name),
		domain: HUB_DOMAIN,
		side: "hub",
		...(className !== undefined && { class: className }),
		critical: className !== undefined && critical.has(className),
		config:
			settings === undefined ? UNKNOWN_CONFIG : ({ ...settings, ...sourcesOf(sources) } as DesignStream["config"]),
		consumers: isRecord(consumers) ? (consumers as unknown as DesignStream["consumers"]) : {},
	};
}

function sourcesOf(sources: Plain): PlainRecord {
	if (sources === UNKNOWN) {
		return { sources: UNKNOWN };
	}
	const all = isRecord(sources) ? Object.values(sources) : [];
	return all.length > 0 ? { sources: all } : {};
}

/** The inputs are compact: what the provider makes of them follows from the same function. */
function edgeStreams(resource: Resource): DesignStream[] {
	const group = edgeGroup(resource);
	if (group === undefined) {
		const origin = originOf(resource, resource.name);
		return [{ origin, domain: UNKNOWN, side: "edge", critical: false, config: UNKNOWN_CONFIG, consumers: {} }];
	}
	return Object.keys(group.devices).flatMap((device) =>
		expandEdge(group, device).map(({ class: name, stream, consumer }): DesignStream => {
			return {
				origin: originOf(resource, `${stream.name} on ${device}`),
				domain: device,
				side: "edge",
				class: name,
				critical: isCritical(group, name),
				config: { ...(stream satisfies StreamConfig) },
				consumers: consumer === undefined ? {} : { [consumer.durable_name]: consumer satisfies ConsumerConfig },
				nodes: 1,
			};
		}),
	);
}

function devices(resource: Resource): DesignDevice[] {
	const names = isRecord(resource.inputs.devices) ? Object.keys(resource.inputs.devices) : [];
	return names.map((name) => ({ origin: originOf(resource, name), name, domain: name, serverName: name }));
}

/** What devices' users are signed with, once the keys exist: before, there is nothing to judge. */
function deviceRoles(resource: Resource, hub: readonly DesignStream[]): DesignRole[] {
	const downlinks = hub.flatMap(({ class: of, config: { name, subjects } }) => {
		return of !== undefined && typeof name === "string" && Array.isArray(subjects) && subjects.length > 0 ? [name] : [];
	});
	const { publish, subscribe } = deviceRole(downlinks.sort());
	const signing = at(resource.inputs, "claims", "devices", "signing_keys");
	return list(signing).flatMap((key): DesignRole[] => {
		if (!isRecord(key) || hasUnknown(key)) {
			return [];
		}
		const known = (value: Plain) => texts(value).filter((part): part is string => part !== UNKNOWN);
		return [
			{
				origin: originOf(resource, "role of devices"),
				role: "device",
				publish: known(at(key, "template", "pub", "allow")),
				subscribe: known(at(key, "template", "sub", "allow")),
				exact: { publish, subscribe },
			},
		];
	});
}

function at(whole: Plain, ...path: readonly string[]): Plain {
	return path.reduce<Plain>(
		(part, key) => (isRecord(part) ? part[key] : part === UNKNOWN ? UNKNOWN : undefined),
		whole,
	);
}

/** Classes that refuse when they are full: losing their messages is not acceptable. */
function criticalClasses(groups: readonly Resource[]): ReadonlySet<string> {
	const known = groups.flatMap((resource) => edgeGroup(resource) ?? []);
	return new Set(known.flatMap((group) => Object.keys(group.classes).filter((name) => isCritical(group, name))));
}

function isCritical({ classes }: EdgeGroup, name: string): boolean {
	return classes[name]?.discard === "new";
}

function edgeGroup({ inputs: { group, classes, devices } }: Resource): EdgeGroup | undefined {
	const parts: PlainRecord = { group: group ?? "", classes: classes ?? {}, devices: devices ?? {} };
	return hasUnknown(parts) ? undefined : (parts as unknown as EdgeGroup);
}
