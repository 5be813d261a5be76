import { authorityTag, certificatesIn } from "../../components/identity/authorities";
import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { secret, throughLeaf } from "../fleet/hub";
import { askKnown, inService, type Known } from "./status";

/** Who has a new authority, while there is one beside the old. */
export interface AuthorityStatus {
	readonly lines: readonly string[];
	/** Devices in service that did not come in last with credentials of a bundle that holds it. */
	readonly waiting: readonly string[];
}

/**
 * @param ca PEM of all that is trusted, the newest last
 * @param names of the devices in service
 */
export function authorityStatus(ca: string, names: readonly string[], { logins, linked }: Known): AuthorityStatus {
	const all = certificatesIn(ca);
	const newest = all.at(-1);
	if (all.length < 2 || newest === undefined) return { lines: [], waiting: [] };
	const tag = authorityTag(newest);
	const last = new Map(logins.flatMap(({ name, tags = [] }) => (name === undefined ? [] : [[name, tags] as const])));
	const waiting = names.filter((name) => !last.get(name)?.includes(tag));
	const there = waiting.filter((name) => linked.has(name));
	const away = waiting.filter((name) => !linked.has(name));
	const lines = [
		...(waiting.length === 0 ? ["authority: every device came in with a bundle that holds the new one"] : []),
		...(there.length > 0 ? [`authority: ${some(there)} connected, and not with a bundle that holds the new one`] : []),
		...(away.length > 0 ? [`authority: ${some(away)} away, and not seen with a bundle that holds the new one`] : []),
	];
	return { lines, waiting };
}

/** @throws UserError when the outputs hold no credentials, or the hub does not answer */
export async function askAuthority(outputs: StackOutputs): Promise<AuthorityStatus> {
	const { leafline } = outputs;
	const { devicesAccount } = secret(outputs.signing);
	const way = await throughLeaf(outputs);
	try {
		const known = await askKnown(way, devicesAccount, leafline.hub.nodes);
		return authorityStatus(leafline.ca, inService(leafline.devices), known);
	} finally {
		await way.close();
	}
}
