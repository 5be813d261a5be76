import { type Connection, fingerprint } from "../../../control/connection";
import { control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { streamInfo } from "../../../jetstream/calls";
import { compareStream, type Difference, describe } from "../../../jetstream/compare";
import { UserError } from "../../../system/user-error";
import type { StreamConfig } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { REFUSED_REMEDY, refusedSources, type Sources } from "../../../topology/source-change";
import { removedSources } from "./backlog";
import { listed } from "./edge-reports";
import { lookAt } from "./held-back";
import { readConnection } from "./read-connection";
import { atStake, consumerRejectedByServer, type Lowered, loweredLimits, rejectedByServer } from "./rules";
import { full, type StreamProps } from "./stream-props";

const LOOK_MS = 5_000;
const SHOWN = 5;
const ASK_AGAIN_MS = 20_000;

/** Why this change must not happen, or undefined. Asks the hub only when messages may be at stake. */
export async function refusal(old: StreamProps, next: StreamProps): Promise<string | undefined> {
	const { name } = old.config;
	const consumers = Object.entries(next.consumers ?? {}).flatMap(([name, consumer]) => {
		const before = old.consumers?.[name];
		return before ? consumerRejectedByServer(before, consumer).map((reason) => `consumer ${name}: ${reason}`) : [];
	});
	if (consumers.length > 0 && !next.allowDataLoss) {
		return `${name}: ${consumers.join("; ")}. Its position would be lost: declare a consumer with another name.`;
	}
	if (next.allowDataLoss) return undefined;
	const rejected = rejectedByServer(old.config, next.config);
	if (rejected.length > 0) {
		return (
			`${name}: the server rejects this change: ${rejected.join("; ")}. Declare another stream, ` +
			"or set leafline:allowDataLoss to true to delete this one with its messages and make it anew."
		);
	}
	const identity = refusedIdentity(name, old.sources ?? {}, next.sources ?? {});
	if (identity) return identity;
	const connection = readConnection(next.connection) ?? readConnection(old.connection);
	if (!connection) return undefined;
	const lowered = loweredLimits(old.config, next.config);
	const lost = lowered.length > 0 ? await lookForLoss(connection, name, lowered) : undefined;
	return lost;
}

/** Why sources must not become what is wanted, and what to do. */
export function refusedIdentity(name: string, old: Sources, next: Sources): string | undefined {
	const reason = refusedSources(name, old, next);
	return reason && `${reason} ${REFUSED_REMEDY}`;
}

async function lookForLoss(connection: Connection, name: string, lowered: Lowered[]): Promise<string | undefined> {
	const seen = await look(connection, name);
	if ("error" in seen) {
		const what = lowered.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
		return `${name}: lowering ${what} may delete messages, and whether it would cannot be told: ${seen.error}`;
	}
	const lost = seen.info ? atStake(lowered, seen.info.state) : [];
	return seen.info && lost.length > 0 ? losing(lost, seen.info) : undefined;
}

/**
 * What an update will say of sources that it cannot take away: one text for all, or undefined. The update looks again, holds
 * back those devices alone, and fails when everything else is done.
 */
export async function foreseen(old: StreamProps, next: StreamProps): Promise<string | undefined> {
	const removed = next.allowDataLoss ? [] : removedSources(old, next);
	const connection = readConnection(next.connection) ?? readConnection(old.connection);
	if (removed.length === 0 || !connection) return undefined;
	const { name } = old.config;
	const seen = await look(connection, name);
	if ("error" in seen) return `${name}: whether its devices are drained cannot be told: ${seen.error}`;
	const held = await lookAt(await control(connection), name, removed);
	const devices = Object.keys(held).length;
	if (devices === 0) return undefined;
	const they = devices === 1 ? "1 device is" : `${devices} devices are`;
	return `${they} not let go, the others are; the update fails when they are done:\n${listed(held)}`;
}

/** Why a stream that is to be made cannot be; undefined also when the hub, perhaps not yet made, cannot be asked. */
export async function obstacle(wanted: StreamProps): Promise<string | undefined> {
	const connection = readConnection(wanted.connection);
	const seen = connection && (await look(connection, wanted.config.name));
	if (!seen || "error" in seen || !seen.info) return undefined;
	try {
		mayTakeOver(wanted, seen.info);
	} catch (error) {
		if (error instanceof UserError) return error.message;
		throw error;
	}
	return undefined;
}

const unreachable = new Map<string, { at: number; error: string }>();

/** One look at the hub in preview, bounded in time; a hub that did not answer is not asked again for a while. */
async function look(
	connection: Connection,
	name: string,
): Promise<{ info: StreamInfo | undefined } | { error: string }> {
	const key = fingerprint(connection);
	const silent = unreachable.get(key);
	if (silent && Date.now() - silent.at < ASK_AGAIN_MS) return silent;
	try {
		const way = await control(connection, { timeoutMs: LOOK_MS });
		await way.ready(LOOK_MS);
		const patience = { deadline: Date.now() + LOOK_MS, timeoutsMs: [2_000] };
		return { info: await streamInfo(way.api(HUB_DOMAIN), name, patience) };
	} catch (error) {
		const failed = { at: Date.now(), error: error instanceof Error ? error.message : String(error) };
		unreachable.set(key, failed);
		return failed;
	}
}

/** @example "hub_can: lowering max_age from 20 to 10 would delete some of the 3 messages of 400 bytes it holds. …" */
export function losing(lost: readonly Lowered[], { config, state }: StreamInfo): string {
	const what = lost.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
	const held = `${counted(state.messages, "message")} of ${counted(state.bytes, "byte")}`;
	return `${config.name}: lowering ${what} would delete some of the ${held} it holds. Set leafline:allowDataLoss to true to do that.`;
}

/**
 * An existing stream is taken over when the user says so, or when it is what an interrupted create left behind: equal
 * in everything, our name in its metadata included.
 *
 * @throws UserError otherwise
 */
export function mayTakeOver(wanted: StreamProps, existing: StreamInfo): void {
	const differences = compareStream(full(wanted), existing.config);
	if (differences.length === 0 || wanted.adopt) {
		const rejected = rejectedByServer(existing.config as unknown as StreamConfig, full(wanted));
		const lowered = loweredLimits(existing.config as unknown as StreamConfig, full(wanted));
		const lost = wanted.allowDataLoss ? [] : atStake(lowered, existing.state);
		if (rejected.length > 0) throw new UserError(`${wanted.config.name} cannot be adopted: ${rejected.join("; ")}`);
		if (lost.length > 0) throw new UserError(`it cannot be adopted as it is: ${losing(lost, existing)}`);
		return;
	}
	throw new UserError(
		`a stream ${wanted.config.name} exists on the hub already and is not this stack's as it stands: ` +
			`${described(differences)}. To take it over, add it to leafline:adopt; else delete or rename it.`,
	);
}

function described(differences: readonly Difference[]): string {
	const shown = differences.slice(0, SHOWN).map(describe);
	return differences.length > SHOWN ? `${shown.join(", ")} and ${differences.length - SHOWN} more` : shown.join(", ");
}

/** @example "1 message", "12,345 messages" */
export function counted(number: number, noun: string): string {
	return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
