/** Judges what is at the far end against what publishers were told is stored. Pure. */

/** A message that its publisher was told is stored. */
export interface Acknowledged {
	/** Unique within its lane; counts from 0 in the order of publishing. */
	readonly id: number;
	/** Which start of the server stored it: the stream's sequence goes on within one, and may begin anew in the next. */
	readonly life: number;
	/** Sequence in the stream that stored it. */
	readonly seq: number;
	/** When the publisher heard of it, milliseconds. */
	readonly at: number;
	readonly bytes: number;
}

/** A message as it was read back at the far end. */
export interface Arrived {
	readonly id: number;
	/** A stream that was lost and made anew may get again what the lost one had. @default 0 */
	readonly era?: number;
	/** Where it says it comes from, if that is not the lane that it is in. */
	readonly strayedFrom?: string;
}

/** Messages that may be missing, stated when the fault was done and before anybody looked. */
export interface Allowance {
	readonly why: string;
	/** Of those acknowledged from `from` to `to`, both included. */
	readonly from: number;
	readonly to: number;
}

/** One class of one device, in one direction: what must arrive once and in order. */
export interface Lane {
	readonly acknowledged: readonly Acknowledged[];
	/** In the order of the stream at the far end. */
	readonly arrived: readonly Arrived[];
	readonly allowances: readonly Allowance[];
	/** Bytes that the stream holds before it drops its oldest message; undefined for one that refuses. */
	readonly dropsBeyond?: number;
	/** Messages that were published and never acknowledged, which may be there or not. @default none is known */
	readonly published?: number;
}

export interface LaneVerdict {
	readonly acknowledged: number;
	readonly arrived: number;
	/** Missing within a window that was stated, by why. */
	readonly excused: Readonly<Record<string, number>>;
	/** Ids of messages that are missing without an excuse. */
	readonly lost: readonly number[];
	/** Ids of copies beyond the first. */
	readonly twice: readonly number[];
	/** Ids of acknowledged messages that stand behind one that was stored later. */
	readonly reordered: readonly number[];
	/** What is there and was never published in this lane. */
	readonly strange: readonly string[];
}

export function isGood({ lost, twice, reordered, strange }: LaneVerdict): boolean {
	return lost.length + twice.length + reordered.length + strange.length === 0;
}

export function judge({ acknowledged, arrived, allowances, dropsBeyond, published }: Lane): LaneVerdict {
	const known = new Map(acknowledged.map((message) => [message.id, message]));
	const seen = new Set<number>();
	const twice: number[] = [];
	const reordered: number[] = [];
	const strange: string[] = [];
	let latest: Acknowledged | undefined;
	let now = 0;
	let inEra = new Set<number>();
	for (const { id, strayedFrom, era = 0 } of arrived) {
		if (era !== now) [now, inEra, latest] = [era, new Set(), undefined];
		if (strayedFrom !== undefined) strange.push(`${id} of ${strayedFrom}`);
		else if (published !== undefined && !(id >= 0 && id < published)) strange.push(`${id} was never published`);
		else if (inEra.has(id)) twice.push(id);
		else {
			seen.add(id);
			inEra.add(id);
			const message = known.get(id);
			if (message && latest && isBefore(message, latest)) reordered.push(id);
			else latest = message ?? latest;
		}
	}
	const excused: Record<string, number> = {};
	const lost: number[] = [];
	const behind = bytesBehind(acknowledged);
	for (const message of acknowledged) {
		if (seen.has(message.id)) continue;
		const allowance = allowances.find(({ from, to }) => message.at >= from && message.at <= to);
		const dropped = dropsBeyond !== undefined && (behind.get(message.id) ?? 0) >= dropsBeyond;
		const why = allowance?.why ?? (dropped ? "dropped as the oldest" : undefined);
		if (why === undefined) lost.push(message.id);
		else excused[why] = (excused[why] ?? 0) + 1;
	}
	return { acknowledged: acknowledged.length, arrived: seen.size, excused, lost, twice, reordered, strange };
}

function isBefore(one: Acknowledged, other: Acknowledged): boolean {
	return one.life === other.life ? one.seq < other.seq : one.life < other.life;
}

/** By id: bytes that were stored in the stream from a message on, itself included. */
function bytesBehind(acknowledged: readonly Acknowledged[]): Map<number, number> {
	const inOrder = [...acknowledged].sort((one, other) => (isBefore(one, other) ? 1 : -1));
	let sum = 0;
	const behind = new Map<number, number>();
	for (const { id, bytes } of inOrder) {
		sum += bytes;
		behind.set(id, sum);
	}
	return behind;
}
