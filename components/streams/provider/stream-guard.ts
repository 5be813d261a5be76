import type { StreamConfig } from "../../../topology/jetstream";
import { compareStream, type Difference, describe } from "./compare";
import { type Connection, readConnection } from "./connection";
import { control } from "./control";
import { UserError } from "./errors";
import { type StreamInfo, streamInfo } from "./jetstream";
import { atStake, consumerRejectedByServer, type Lowered, loweredLimits, rejectedByServer } from "./rules";
import { DOMAIN, full, type StreamProps } from "./stream-props";

const LOOK_MS = 5_000;

/** Why this change must not happen, or undefined. Asks the hub only when messages may be at stake. */
export async function refusal(old: StreamProps, next: StreamProps): Promise<string | undefined> {
	const consumers = Object.entries(next.consumers ?? {}).flatMap(([name, consumer]) => {
		const before = old.consumers?.[name];
		return before ? consumerRejectedByServer(before, consumer).map((reason) => `consumer ${name}: ${reason}`) : [];
	});
	if (consumers.length > 0 && !next.allowDataLoss) {
		return `${consumers.join("; ")}. Its position would be lost: declare a consumer with another name.`;
	}
	if (next.allowDataLoss) return undefined;
	const rejected = rejectedByServer(old.config, next.config);
	if (rejected.length > 0) {
		return (
			`the server rejects this change: ${rejected.join("; ")}. Declare another stream, ` +
			"or set leafline:allowDataLoss to true to delete this one with its messages and make it anew."
		);
	}
	const lowered = loweredLimits(old.config, next.config);
	if (lowered.length === 0) return undefined;
	const connection = readConnection(next.connection) ?? readConnection(old.connection);
	if (!connection) return undefined;
	return lookForLoss(connection, next.config.name, lowered);
}

async function lookForLoss(connection: Connection, name: string, lowered: Lowered[]): Promise<string | undefined> {
	try {
		const way = await control(connection, { timeoutMs: LOOK_MS });
		await way.ready(LOOK_MS);
		const info = await streamInfo(way.api(DOMAIN), name, { deadline: Date.now() + LOOK_MS, timeoutsMs: [2_000] });
		const lost = info ? atStake(lowered, info.state) : [];
		return info && lost.length > 0 ? losing(lost, info) : undefined;
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		const what = lowered.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
		return `lowering ${what} may delete messages, and whether it would cannot be told: ${why}`;
	}
}

/** @example "lowering max_age from 20 to 10 would delete some of the 3 messages of 400 bytes it holds. …" */
export function losing(lost: readonly Lowered[], { state }: StreamInfo): string {
	const what = lost.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
	const held = `${counted(state.messages, "message")} of ${counted(state.bytes, "byte")}`;
	return `lowering ${what} would delete some of the ${held} it holds. Set leafline:allowDataLoss to true to do that.`;
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
		if (lost.length > 0) throw new UserError(`${wanted.config.name} cannot be adopted: ${losing(lost, existing)}`);
		return;
	}
	throw new UserError(
		`a stream ${wanted.config.name} exists on the hub already and is not this stack's as it stands: ` +
			`${listed(differences)}. To take it over, add it to leafline:adopt; else delete or rename it.`,
	);
}

function listed(differences: readonly Difference[]): string {
	const shown = differences.slice(0, 5).map(describe);
	return differences.length > 5 ? `${shown.join(", ")} and ${differences.length - 5} more` : shown.join(", ");
}

/** @example "1 message", "12,345 messages" */
export function counted(number: number, noun: string): string {
	return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
