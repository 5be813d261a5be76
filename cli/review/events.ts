import { lines } from "../../config/printable";
import { hideSecrets } from "../../config/secrets";
import { originDomain } from "../../topology/graph";
import { HUB_DOMAIN } from "../../topology/names";
import { classOf, type HubPart } from "../picture/snapshot";
import { isPlainObject, type Plain, recordOf, stringOf } from "./plain";

/**
 * The engine's streaming JSON, reduced to what a comment needs. Its debug events hold secrets in clear, so an event is
 * taken apart by a list of what is wanted, and everything else is never looked at.
 */
export type ReviewEvent =
	| {
			readonly kind: "resource";
			readonly op: string;
			readonly urn: string;
			readonly type: string;
			readonly parts: Parts;
	  }
	| { readonly kind: "policy"; readonly policy: Policy }
	| {
			readonly kind: "diagnostic";
			readonly severity: "error" | "warning";
			readonly message: string;
			readonly urn?: string;
	  }
	| { readonly kind: "summary"; readonly result: string; readonly packs: readonly string[] };

export interface Policy {
	readonly name: string;
	readonly pack: string;
	readonly level: string;
	readonly message: string;
	readonly urn?: string;
}

/** What a picture needs of the streams in a resource, before and after. */
export interface Parts {
	readonly before?: Part;
	readonly after?: Part;
}
export type Part =
	| { readonly kind: "hub"; readonly name: string; readonly part: HubPart }
	| {
			readonly kind: "edge";
			readonly group: string;
			readonly devices: readonly string[];
			readonly downlinks: readonly string[];
	  };

/** One line of the engine's output; `undefined` for what is not wanted, or is no event. */
export function readEvent(line: string): ReviewEvent | undefined {
	// The costly and the dangerous ones are most of it.
	if (line.trim() === "" || line.includes('"severity":"debug"')) return undefined;
	const event = parse(line);
	if (event === undefined) return undefined;
	if (isPlainObject(event.resourcePreEvent)) return resource(recordOf(event.resourcePreEvent.metadata));
	if (isPlainObject(event.policyEvent)) return policy(event.policyEvent);
	if (isPlainObject(event.diagnosticEvent)) return diagnostic(event.diagnosticEvent);
	if (isPlainObject(event.summaryEvent)) {
		const { result, PolicyPacks } = event.summaryEvent;
		return { kind: "summary", result: stringOf(result) ?? "unknown", packs: Object.keys(recordOf(PolicyPacks)).sort() };
	}
	return undefined;
}

function parse(line: string): Plain | undefined {
	try {
		const value: unknown = JSON.parse(line);
		return isPlainObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

function resource({ op, urn, type, old, new: next }: Plain): ReviewEvent | undefined {
	const [operation, name, kind] = [stringOf(op), stringOf(urn), stringOf(type)];
	if (operation === undefined || name === undefined || kind === undefined) return undefined;
	const before = partOf(kind, recordOf(recordOf(old).inputs));
	const after = operation.startsWith("delete") ? undefined : partOf(kind, recordOf(recordOf(next).inputs));
	return {
		kind: "resource",
		op: operation,
		urn: hideSecrets(name),
		type: kind,
		parts: { ...(before && { before }), ...(after && { after }) },
	};
}

function partOf(type: string, inputs: Plain): Part | undefined {
	if (type.endsWith("leafline:EdgeStreams")) return edgePart(inputs);
	if (type.endsWith("leafline:Stream")) return hubPart(inputs);
	return undefined;
}

function edgePart({ group, devices, classes }: Plain): Part | undefined {
	const name = stringOf(group);
	if (name === undefined) return undefined;
	const downlinks = Object.entries(recordOf(classes))
		.filter(([, settings]) => recordOf(settings).direction === "downlink")
		.map(([kind]) => kind);
	return { kind: "edge", group: name, devices: Object.keys(recordOf(devices)), downlinks };
}

function hubPart({ config, sources, consumers }: Plain): Part | undefined {
	const name = stringOf(recordOf(config).name);
	if (name === undefined) return undefined;
	const origins = Object.entries(recordOf(sources)).map(([stream, source]) => origin(stream, recordOf(source)));
	// What is not sourced feeds devices, through consumers that are no readers.
	const readers = origins.length > 0 ? Object.keys(recordOf(consumers)) : [];
	return { kind: "hub", name, part: { class: classOf(name), sources: origins, feeds: [], readers } };
}

/** The device, where the stream is the one of this device; else domain and stream. */
function origin(key: string, { external, name }: Plain): string {
	const stream = stringOf(name) ?? key;
	const api = stringOf(recordOf(external).api);
	const domain = originDomain(api === undefined ? {} : { external: { api, deliver: "" } }, HUB_DOMAIN);
	return stream.startsWith(`${domain}_`) && domain !== HUB_DOMAIN ? domain : `${domain}/${stream}`;
}

function policy({ policyName, policyPackName, enforcementLevel, message, resourceUrn }: Plain): ReviewEvent {
	const urn = stringOf(resourceUrn);
	return {
		kind: "policy",
		policy: {
			name: stringOf(policyName) ?? "unknown",
			pack: stringOf(policyPackName) ?? "unknown",
			level: stringOf(enforcementLevel) ?? "mandatory",
			message: lines(hideSecrets(stringOf(message) ?? "")),
			...(urn !== undefined && { urn: hideSecrets(urn) }),
		},
	};
}

function diagnostic({ severity, message, urn }: Plain): ReviewEvent | undefined {
	if (severity !== "error" && severity !== "warning") return undefined;
	const name = stringOf(urn);
	const text = lines(hideSecrets(stringOf(message) ?? "")).trim();
	return { kind: "diagnostic", severity, message: text, ...(name !== undefined && { urn: hideSecrets(name) }) };
}
