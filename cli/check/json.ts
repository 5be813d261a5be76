import type { CheckReport } from "./check";

/** For programs: every finding, none grouped. */
export function toJson({ stack, good, rules, findings, topology }: CheckReport): string {
	const counts = topology && {
		devices: Object.keys(topology.devices).length,
		streams: topology.graph.nodes.length,
	};
	return `${JSON.stringify({ schemaVersion: 1, stack, good, rules: rules.map(({ name }) => name), ...counts, findings })}\n`;
}
