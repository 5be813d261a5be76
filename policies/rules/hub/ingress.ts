import { type DesignIngress, type Maybe, type Outcome, type PolicyConfig, UNKNOWN } from "../../model";
import { complies, isKnown, known, unknown, violates } from "../outcomes";
import { list } from "../streams/each";
import { isPublic } from "./addresses";

/** The port of leaf nodes, the one that the world may reach. */
export const LEAF_PORT = 7422;

const TCP = ["tcp", "6"];
const ALL = ["-1", "all"];

/** What a rule that lets traffic in says of the Internet. */
export function publicIngress(ingress: DesignIngress, { allowedPorts }: Pick<PolicyConfig, "allowedPorts">): Outcome {
	const { origin, cidrs, prefixLists } = ingress;
	const allowed = [...new Set([LEAF_PORT, ...allowedPorts])];
	const within = onlyPorts(ingress, allowed);
	const sources = [
		...known(cidrs).filter(isPublic),
		// What stands in a prefix list is not to be seen here, and may change behind everybody's back.
		...known(prefixLists).map((id) => `prefix list ${id}`),
	];
	if (within === true || (sources.length === 0 && [...cidrs, ...prefixLists].every(isKnown))) {
		return complies(origin);
	}
	if (sources.length === 0 || !isKnown(within)) {
		return unknown(origin, `${sources.length === 0 ? "who is let in" : "what is let in"} by ${origin.label}`);
	}
	const ports = allowed.map((port) => `${port}/tcp`).join(" and ");
	return violates(origin, `${origin.label} lets ${list(sources)} reach ${reach(ingress)}: only ${ports} may be public`);
}

/** Whether it lets TCP through to a port, from wherever. */
export function coversPort({ protocol, fromPort, toPort }: DesignIngress, port: number): Maybe<boolean> {
	if (isKnown(protocol) && ALL.includes(protocol)) {
		return true;
	}
	const outside =
		(isKnown(protocol) && !TCP.includes(protocol)) ||
		(isKnown(fromPort) && fromPort > port) ||
		(isKnown(toPort) && toPort < port);
	return outside ? false : isKnown(protocol) && isKnown(fromPort) && isKnown(toPort) ? true : UNKNOWN;
}

/** Everyone that it lets in, as text; `undefined` when there is nobody. */
export function sourcesOf({ cidrs, prefixLists, groups }: DesignIngress): string | undefined {
	const names = (values: readonly Maybe<string>[], kind: string): string[] =>
		values.map((value) => (isKnown(value) ? `${kind}${value}` : `${kind}that is not known yet`));
	const all = [...names(cidrs, ""), ...names(prefixLists, "prefix list "), ...names(groups, "group ")];
	return all.length === 0 ? undefined : list(all);
}

/** Whether it lets through TCP to these ports and nothing else; `UNKNOWN` only where the answer depends on it. */
function onlyPorts({ protocol, fromPort, toPort }: DesignIngress, ports: readonly number[]): Maybe<boolean> {
	const ends = known([fromPort, toPort]);
	if ((isKnown(protocol) && !TCP.includes(protocol)) || ends.some((port) => !ports.includes(port))) {
		return false;
	}
	const [from, to] = ends;
	if (from === undefined || to === undefined || !isKnown(protocol)) {
		return UNKNOWN;
	}
	return ports.filter((port) => port >= from && port <= to).length === to - from + 1;
}

function reach({ protocol, fromPort, toPort }: DesignIngress): string {
	if (isKnown(protocol) && ALL.includes(protocol)) {
		return "every port by every protocol";
	}
	const name = isKnown(protocol) ? (TCP.includes(protocol) ? "tcp" : protocol) : "a protocol that is not known yet";
	if (name.startsWith("icmp") || !isKnown(fromPort) || !isKnown(toPort)) {
		return name;
	}
	return fromPort === toPort ? `${fromPort}/${name}` : `${fromPort}-${toPort}/${name}`;
}
