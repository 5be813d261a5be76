import type { StackOutputs } from "../../contract/outputs";
import type { Api } from "../../jetstream/api";
import { streamInfo } from "../../jetstream/calls";
import { within } from "../../jetstream/patience";
import { HUB_DOMAIN } from "../../topology/names";
import { ROLLOUT_STREAM } from "../../topology/rollout/names";
import { Malformed } from "../../topology/rollout/read";
import { messageOf, UserError } from "../errors";
import { HUB_ANSWER_MS, openHub } from "../fleet/hub";
import type { Runner } from "./run";
import { seenBy } from "./seen";

/** The hub as a rollout needs it. */
export interface RolloutHub extends Runner {
	readonly api: Api;
	close(): Promise<void>;
}

/** @throws UserError when the hub does not answer, or has no buckets for releases */
export async function openRollout(outputs: StackOutputs): Promise<RolloutHub> {
	const hub = await openHub(outputs);
	try {
		const api = hub.api(HUB_DOMAIN);
		if (!(await streamInfo(api, ROLLOUT_STREAM, within(HUB_ANSWER_MS)))) {
			throw new UserError(
				"the hub has no room for releases: set leafline:rollout, for example to 1GiB, and run npm run up",
			);
		}
		const seen = seenBy(hub.connection);
		await seen.look();
		const { connection } = hub;
		const linked = async () => new Set((await hub.connected()) ?? []);
		return { connection, api, seen, linked, close: () => hub.close() };
	} catch (error) {
		await hub.close();
		if (error instanceof UserError) throw error;
		throw new UserError(messageOf(error));
	}
}

/** The rollout that is, or was last. @throws UserError where there is none, or one of a newer leafline */
export function rolloutOf({ seen }: Pick<Runner, "seen">): NonNullable<ReturnType<Runner["seen"]["rollout"]>> {
	try {
		const found = seen.rollout();
		if (found) return found;
	} catch (error) {
		if (!(error instanceof Malformed)) throw error;
		throw new UserError(`the rollout at the hub cannot be read: ${error.message}`);
	}
	throw new UserError("there has been no rollout: leafline rollout start begins one");
}
