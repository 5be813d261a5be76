import type { NatsConnection } from "nats";
import { askMonitor, askServers, varz, varzReply } from "../../jetstream/monitoring";

/** Version of the nats-server of each node of a hub, by the node's name. What does not answer is absent. */
export type Versions = Readonly<Record<string, string>>;

const ANSWER_MS = 1_500;

/** Through the system account: the hub's servers, not that of a control leaf in between. */
export async function versionsByRequest(system: NatsConnection): Promise<Versions> {
	const replies = await askServers(system, "VARZ", varzReply, ANSWER_MS);
	return Object.fromEntries(replies.map(({ server }) => [server.name, server.ver]));
}

/** On this machine, from the servers' monitoring. */
export async function versionsByMonitor(urls: readonly string[]): Promise<Versions> {
	const told = await Promise.all(
		urls.map((url) =>
			askMonitor(url, "varz", varz, ANSWER_MS).then(
				({ answer }) => [[answer.server_name, answer.version] as const],
				() => [],
			),
		),
	);
	return Object.fromEntries(told.flat());
}
