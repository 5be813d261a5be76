import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hubTree } from "../../render/hub";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { nodeOptions, routesBetween } from "../../render/node/hub-conf";
import type { Topology } from "../../topology/model";

/** What is done to a resource that the program asks for. */
export interface Mutation {
	/** Last part of its type, for example `Instance`. */
	readonly type: string;
	readonly name: string;
	/** Body of a function of `props` and `opts`, as JavaScript, that changes them. */
	readonly change: string;
}

/** Makes the project's program this checkout's, with resources changed as one's own code could change them. */
export function mutate(dir: string, mutations: readonly Mutation[]): void {
	const changes = mutations.map(({ type, name, change }) => `["${type} ${name}", (props, opts) => { ${change} }],`);
	const source = `"use strict";
const pulumi = require("@pulumi/pulumi");
const changes = [
	${changes.join("\n\t")}
];
pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
	const key = type.split(/[:/]/).at(-1) + " " + name;
	for (const [of, change] of changes) if (of === key) change(props, opts);
	return { props, opts };
});
module.exports = require("./bin/index.js");
`;
	writeFileSync(join(dir, "program.js"), source);
	writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "aws", main: "program.js" }));
}

/** A node's hub.conf with addresses and keys that a first preview does not have yet. @param node from 1 */
export function nodeConf({
	topology,
	node,
	change = {},
}: {
	topology: Topology;
	node: number;
	change?: ConfMap;
}): string {
	const addresses = [1, 2, 3].map((other) => `10.74.${(other - 1) * 64}.10`);
	const host = `198.51.100.${node}`;
	const own = { index: node - 1, host, privateAddress: addresses[node - 1] ?? "", routes: routesBetween(addresses) };
	const identity = { operatorJwt: "operator", systemAccount: "A", preload: {} };
	return renderNatsConfig({
		...hubTree(topology, { ...nodeOptions(topology.settings.hub, own), ...identity }),
		...change,
	});
}
