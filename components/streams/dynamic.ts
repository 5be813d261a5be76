import * as pulumi from "@pulumi/pulumi";

/** The handlers of `@leafline/provider`, by the names under which it exports them. */
export type Kind =
	| "keys"
	| "certificates"
	| "roster"
	| "accounts"
	| "revocations"
	| "stream"
	| "edgeStreams"
	| "devices"
	| "leaders";

/**
 * The text that the engine stores with every resource and runs whenever it needs the provider. It requires the provider
 * by name and never changes, so that neither new code nor another folder touches a resource: deleting one runs the
 * text that an old `up` stored. Changing it, or the package's name, would strand every stack that exists.
 */
export function providerText(kind: Kind): string {
	return `exports.handler=()=>require("@leafline/provider").${kind}`;
}

/** The type under which the engine knows a resource, for example `pulumi-nodejs:dynamic/leafline:Stream`. */
export function dynamicType(type: string): string {
	return `pulumi-nodejs:dynamic/leafline:${type}`;
}

/**
 * A resource that leafline's own provider makes. It stands in for `pulumi.dynamic.Resource`, which stores the provider
 * as a serialized closure: two kilobytes a resource that change with every release. The format is internal to
 * `@pulumi/pulumi`, whose version is pinned, and a test guards it.
 */
export abstract class DynamicResource extends pulumi.CustomResource {
	constructor(kind: Kind, type: string, name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions = {}) {
		const token = dynamicType(type);
		const inputs = {
			...args,
			// The provider shows progress and warnings on the resource, and is not told its URN by the host.
			resourceUrn: urnOf(name, token, opts.parent),
			__provider: providerText(kind),
		};
		super(token, name, inputs, opts);
	}
}

/**
 * The URN as a value alone. `createUrn` returns an output that depends on the parent, and to depend on a component is
 * to depend on all its children: the resource would wait for itself.
 */
function urnOf(name: string, token: string, parent: pulumi.Resource | undefined): Promise<string> {
	return new Promise((resolve) => {
		pulumi.createUrn(name, token, parent).apply(resolve);
	});
}
