import { PARAMETER, SECRET_PARAMETERS } from "../../render/node/files";
import { FROM_ENVIRONMENT, NatsConfigError, type ReadValue, readNatsConfig } from "../../render/read-nats-config/read";
import { type DesignParameter, type DesignServer, type Maybe, UNKNOWN } from "../model";
import { setting } from "../rules/hub/conf";
import { INSTANCES } from "./instances";
import { number, text } from "./plain";
import { originOf, type Resource } from "./resource";

export const PARAMETERS = { parameter: "aws:ssm/parameter:Parameter" } as const;

const GIB = 1024 ** 3;

export function parametersOf(resource: Resource): DesignParameter[] {
	if (resource.type !== PARAMETERS.parameter) return [];
	const type = text(resource.inputs.type, "String");
	const name = fileOf(resource)?.file;
	return [
		{
			origin: originOf(resource, resource.name),
			encrypted: type === UNKNOWN ? UNKNOWN : type === "SecureString",
			secret: name !== undefined && SECRET_PARAMETERS.includes(name),
			value: contentOf(resource),
		},
	];
}

/** The servers whose files lie in the parameter store, as leafline's nodes fetch them. */
export function serversOf(resources: readonly Resource[]): DesignServer[] {
	const nodes = new Map<string, Map<string, Resource>>();
	for (const resource of resources) {
		const file = resource.type === PARAMETERS.parameter ? fileOf(resource) : undefined;
		if (file !== undefined) nodes.set(file.path, (nodes.get(file.path) ?? new Map()).set(file.file, resource));
	}
	return [...nodes.values()].flatMap((files) => {
		const conf = files.get(PARAMETER.conf);
		return conf === undefined ? [] : [server(conf, files, resources)];
	});
}

function server(resource: Resource, files: ReadonlyMap<string, Resource>, all: readonly Resource[]): DesignServer {
	const { conf, unreadable } = read(contentOf(resource), files);
	const name = conf === UNKNOWN ? undefined : setting(conf, "server_name");
	const release = files.get(PARAMETER.release);
	const volume = files.get(PARAMETER.volume);
	const bytes = volume && diskBytes(volume, all);
	return {
		origin: originOf(resource, typeof name === "string" ? name : resource.name),
		role: "hub",
		conf,
		...(unreadable && { unreadable }),
		...(release && { version: versionIn(contentOf(release)) }),
		...(bytes !== undefined && { diskBytes: bytes }),
	};
}

/** A file that is included is at hand where it is a parameter of the same node. */
function read(text: Maybe<string>, files: ReadonlyMap<string, Resource>): Pick<DesignServer, "conf" | "unreadable"> {
	if (text === UNKNOWN) return { conf: UNKNOWN };
	let later = false;
	const include = (path: string): string | undefined => {
		const file = files.get(path);
		const content = file && contentOf(file);
		later ||= content === UNKNOWN;
		return content === UNKNOWN ? undefined : content;
	};
	try {
		return { conf: known(readNatsConfig(text, { include })) as Readonly<Record<string, unknown>> };
	} catch (error) {
		if (!(error instanceof NatsConfigError)) throw error;
		const { line, column, problem } = error;
		return { conf: UNKNOWN, ...(!later && { unreadable: { line, column, problem } }) };
	}
}

/** What the server takes from its environment is known to nobody before it runs. */
function known(value: ReadValue): unknown {
	if (value === FROM_ENVIRONMENT) return UNKNOWN;
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map(known);
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, known(part)]));
}

function versionIn(release: Maybe<string>): Maybe<string> {
	return release === UNKNOWN ? UNKNOWN : (/^version=(.*)$/m.exec(release)?.[1] ?? UNKNOWN);
}

/** The parameter names the volume, whose id exists only later; that it comes from that volume is known before. */
function diskBytes({ origins }: Resource, all: readonly Resource[]): number | undefined {
	const named = new Set([...(origins.insecureValue ?? []), ...(origins.value ?? [])]);
	const volume = all.find(({ type, urn }) => type === INSTANCES.volume && named.has(urn));
	const size = number(volume?.inputs.size, undefined);
	return typeof size === "number" ? size * GIB : undefined;
}

/** Where a parameter belongs: the node's path, and the file that it becomes there. */
function fileOf({ inputs }: Resource): { path: string; file: string } | undefined {
	const name = text(inputs.name, "");
	const [, path, file] = (name !== UNKNOWN && /^(\/leafline\/.+)\/([^/]+)$/.exec(name)) || [];
	return path === undefined || file === undefined ? undefined : { path, file };
}

function contentOf({ inputs }: Resource): Maybe<string> {
	const open = text(inputs.insecureValue, undefined);
	return open ?? text(inputs.value, "");
}
