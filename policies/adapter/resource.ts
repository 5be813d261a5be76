import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import type { Origin } from "../model";
import { type PlainRecord, plainRecord } from "./plain";

/** A resource that the rules judge, without anything of Pulumi's. */
export interface Resource {
	readonly type: string;
	readonly name: string;
	readonly urn: string;
	/** As the program states them, before the provider adds anything. */
	readonly inputs: PlainRecord;
	readonly protect: boolean;
	/** Name of the provider that makes it, its own one or the default. */
	readonly provider: string;
	/** URNs of the resources that a property comes from. */
	readonly origins: Readonly<Record<string, readonly string[]>>;
}

type Seen = Pick<ResourceValidationArgs, "type" | "name" | "urn" | "props" | "opts" | "provider">;

export function resourceOf(seen: Seen): Resource {
	const { type, name, urn, props, opts, provider } = seen;
	return {
		type,
		name,
		urn,
		inputs: plainRecord(props),
		protect: opts.protect,
		provider: provider?.name ?? "",
		origins: {},
	};
}

/** Adds what only the stack as a whole tells: which resources a property comes from. */
export function withOrigins(resource: Resource, { propertyDependencies }: PolicyResource): Resource {
	const origins = Object.entries(propertyDependencies).map(([property, from]) => {
		return [property, from.map(({ urn }) => urn)] as const;
	});
	return { ...resource, origins: Object.fromEntries(origins) };
}

export function originOf({ urn }: Pick<Resource, "urn">, label: string): Origin {
	return { label, urn };
}
