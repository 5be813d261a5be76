import type { Design, DesignInstance, DesignServer, Maybe, Outcome, PolicyConfig, Rule } from "../../model";
import { isKnown, unknown, unknownTogether } from "../outcomes";
import type { Conf } from "./conf";

/** A rule that judges every instance by one of its fields; what is unknown is reported as such. */
export function eachInstance<K extends keyof DesignInstance>(
	field: K,
	what: string,
	judge: (value: Exclude<DesignInstance[K], symbol>, instance: DesignInstance) => Outcome | undefined,
): Rule["check"] {
	return ({ instances }) =>
		instances.flatMap((instance) => {
			const value: Maybe<unknown> = instance[field];
			return isKnown(value)
				? (judge(value as Exclude<DesignInstance[K], symbol>, instance) ?? [])
				: unknown(instance.origin, `${what} of ${instance.origin.label}`);
		});
}

/** Nothing is known of its configuration yet. One that cannot be read has been told so by a rule of its own. */
export function isOpen({ conf, unreadable }: DesignServer): boolean {
	return !isKnown(conf) && unreadable === undefined;
}

/** A rule that judges every server by its configuration. */
export function eachServer(
	applies: (server: DesignServer) => boolean,
	judge: (conf: Conf, server: DesignServer, config: PolicyConfig, design: Design) => readonly Outcome[],
): Rule["check"] {
	return (design, config) => {
		const servers = design.servers.filter(applies);
		const known = servers.flatMap((server) => (isKnown(server.conf) ? judge(server.conf, server, config, design) : []));
		const open = servers.filter(isOpen).map(({ origin }) => origin);
		return [...known, ...unknownTogether(open, (label) => `configuration of ${label}`)];
	};
}
