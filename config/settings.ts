import { awsWithDefaults, checkAws } from "./aws";
import type { Issue } from "./document";
import type { Problem } from "./errors";
import { toIssues } from "./issues";
import type { HubSettings, LeavesSettings, Settings } from "./model";
import { SettingsFile, type SettingsInput } from "./settings-schema";

const GIB = 1024 ** 3;

/** Either `settings`, or `problems` with everything that is wrong. */
export interface ParsedSettings {
	/** Absent if there are problems. */
	readonly settings?: Settings;
	readonly problems: readonly Problem[];
}

/**
 * Checks a stack's settings and fills in what they leave out. Never throws.
 * @param stackName `local` has a hub on this machine unless told otherwise
 * @param raw what the stack's configuration has under the namespace `leafline`, without the namespace
 * @param region of AWS, where it is known
 */
export function parseSettings(
	stackName: string,
	raw: Readonly<Record<string, unknown>>,
	region?: string,
): ParsedSettings {
	const result = SettingsFile.safeParse(raw);
	if (!result.success) return { problems: toIssues(result.error).map(toProblem) };
	const settings = withDefaults(stackName, result.data);
	const problems = [
		...checkFleetPath(settings),
		...checkPorts(settings),
		...checkAws(settings.hub, result.data.hub.aws, region),
		...checkKind(settings.hub, result.data),
	];
	return problems.length > 0 ? { problems } : { settings, problems: [] };
}

function withDefaults(stackName: string, given: SettingsInput): Settings {
	const kind = given.hub.kind ?? (stackName === "local" ? "local" : "aws");
	const local = kind === "local";
	return {
		environment: stackName,
		fleet: given.fleet ?? (local ? "fleets/demo.yaml" : ""),
		hub: hubWithDefaults(kind, given.hub),
		leaves: leavesWithDefaults(local, given.leaves),
		sourcing: given.sourcing ?? "durable",
		allowDataLoss: given.allowDataLoss ?? local,
		ignorePending: given.ignorePending ?? false,
		adopt: given.adopt ?? [],
		controlUrls: given.controlUrls ?? [],
		...(given.rollout !== undefined && { rolloutBytes: given.rollout }),
	};
}

function hubWithDefaults(kind: "local" | "aws", given: SettingsInput["hub"]): HubSettings {
	const local = kind === "local";
	return {
		kind,
		nodes: given.nodes ?? 1,
		server: given.server ?? "leafline",
		leafPort: given.leafPort ?? 7422,
		clientPort: given.clientPort ?? 4222,
		monitorPort: given.monitorPort ?? 8222,
		routePort: given.routePort ?? 6222,
		addresses: given.addresses ?? (local ? ["127.0.0.1"] : []),
		storeDir: given.storeDir ?? (local ? ".leafline/local/hub/jetstream" : "/data/nats/hub"),
		memoryBytes: given.memory ?? GIB,
		fileBytes: given.file ?? 100 * GIB,
		sync: given.sync ?? 250,
		...(kind === "aws" && { aws: awsWithDefaults(given.aws) }),
	};
}

function leavesWithDefaults(local: boolean, given: SettingsInput["leaves"]): LeavesSettings {
	return {
		local: given.local ?? local,
		clientPort: given.clientPort ?? 14_222,
		linkPort: given.linkPort ?? 17_422,
		mqttPort: given.mqttPort ?? 11_883,
		limit: given.limit ?? 32,
	};
}

/** Only a hub on this machine may do without: nobody wants the example's devices in production. */
function checkFleetPath({ fleet }: Settings): Problem[] {
	if (fleet !== "") return [];
	return [
		{ path: ["fleet"], message: "is missing", remedy: "write for example fleets/mine.yaml", document: "settings" },
	];
}

function checkKind({ kind }: HubSettings, { hub, leaves }: SettingsInput): Problem[] {
	if (kind === "aws" && leaves.local) {
		const message = "true is for a hub on this machine, and this one is on AWS";
		return [{ path: ["leaves", "local"], message, remedy: "leave it out", document: "settings" }];
	}
	if (kind === "aws" || hub.aws === undefined) return [];
	const message = `belongs to a hub on AWS, and this one is ${kind}`;
	return [{ path: ["hub", "aws"], message, remedy: "leave it out, or set hub.kind to aws", document: "settings" }];
}

interface Ports {
	readonly path: readonly string[];
	readonly first: number;
	readonly last: number;
}

/** All listeners of a stack on this machine, which nodes and local devices fill by counting up. */
function checkPorts({ hub, leaves }: Settings): Problem[] {
	const nodes = hub.kind === "local" ? hub.nodes : 1;
	const fields = ["leafPort", "clientPort", "monitorPort", ...(nodes > 1 ? (["routePort"] as const) : [])] as const;
	const used = fields.map((field): Ports => countingUp(["hub", field], hub[field], nodes));
	if (leaves.local) {
		used.push(countingUp(["leaves", "clientPort"], leaves.clientPort, leaves.limit));
		used.push(countingUp(["leaves", "linkPort"], leaves.linkPort, leaves.limit * nodes));
		used.push(countingUp(["leaves", "mqttPort"], leaves.mqttPort, leaves.limit));
	}
	const problems: Problem[] = [];
	for (const [index, ports] of used.entries()) {
		if (ports.last > 65_535) {
			const message = `${ports.first} and ${ports.last - ports.first} more ports end after 65535`;
			problems.push({ path: ports.path, message, remedy: "choose a lower port", document: "settings" });
		}
		const other = used.slice(0, index).find(({ first, last }) => first <= ports.last && ports.first <= last);
		if (!other) continue;
		const message = `${range(ports)} cannot be used, ${other.path.join(".")} has ${range(other)}`;
		problems.push({ path: ports.path, message, remedy: "choose another port", document: "settings" });
	}
	return problems;
}

function countingUp(path: readonly string[], first: number, count: number): Ports {
	return { path, first, last: first + count - 1 };
}

function range({ first, last }: Ports): string {
	return first === last ? `port ${first}` : `ports ${first} to ${last}`;
}

function toProblem({ path, message, remedy, atKey }: Issue): Problem {
	return { path, message, remedy, document: "settings", ...(atKey && { atKey }) };
}
