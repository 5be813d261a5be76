/** Judges what the hub stored against what devices were told is stored. Pure. */

/** A message as it was read back from the hub, in the order of the hub's stream. */
export interface Arrival {
	/** The device whose stream the hub took it from. */
	readonly from: string;
	/** The device that says it published it. */
	readonly device: string;
	/** Counts from 0 on each device. */
	readonly counter: number;
}

export interface DeviceVerdict {
	/** Messages that the device's server acknowledged. */
	readonly acknowledged: number;
	/** Different messages of the device that are on the hub. */
	readonly arrived: number;
	/** Acknowledged, but not on the hub. */
	readonly lost: number;
	/** Copies beyond the first. */
	readonly twice: number;
	/** First copies that stand behind a later message. */
	readonly outOfOrder: number;
	/** Copies that the hub took from another device. */
	readonly strayed: number;
}

export interface Verdict {
	readonly good: boolean;
	readonly total: DeviceVerdict;
	readonly devices: Readonly<Record<string, DeviceVerdict>>;
}

/**
 * `acknowledged`: by device, whether the message of that counter was acknowledged. One that was not may be there or
 * not: the publisher could not know, so it counts as neither lost nor too much.
 */
export function judge(
	acknowledged: Readonly<Record<string, readonly boolean[] | Uint8Array>>,
	arrivals: Iterable<Arrival>,
): Verdict {
	const tallies = new Map(Object.entries(acknowledged).map(([device, acks]) => [device, new Tally(acks)]));
	for (const arrival of arrivals) {
		let tally = tallies.get(arrival.device);
		if (!tally) {
			tally = new Tally([]);
			tallies.set(arrival.device, tally);
		}
		tally.add(arrival);
	}
	const devices = Object.fromEntries([...tallies].map(([device, tally]) => [device, tally.verdict()]));
	const total = Object.values(devices).reduce(add, NOTHING);
	const good = total.lost === 0 && total.twice === 0 && total.outOfOrder === 0 && total.strayed === 0;
	return { good, total, devices };
}

const NOTHING: DeviceVerdict = { acknowledged: 0, arrived: 0, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 };

function add(a: DeviceVerdict, b: DeviceVerdict): DeviceVerdict {
	return {
		acknowledged: a.acknowledged + b.acknowledged,
		arrived: a.arrived + b.arrived,
		lost: a.lost + b.lost,
		twice: a.twice + b.twice,
		outOfOrder: a.outOfOrder + b.outOfOrder,
		strayed: a.strayed + b.strayed,
	};
}

class Tally {
	private readonly seen = new Set<number>();
	private latest = -1;
	private twice = 0;
	private outOfOrder = 0;
	private strayed = 0;

	constructor(private readonly acks: readonly boolean[] | Uint8Array) {}

	add({ from, device, counter }: Arrival): void {
		if (from !== device) this.strayed++;
		if (this.seen.has(counter)) {
			this.twice++;
			return;
		}
		this.seen.add(counter);
		if (counter < this.latest) this.outOfOrder++;
		else this.latest = counter;
	}

	verdict(): DeviceVerdict {
		let acknowledged = 0;
		let lost = 0;
		for (let counter = 0; counter < this.acks.length; counter++) {
			if (!this.acks[counter]) continue;
			acknowledged++;
			if (!this.seen.has(counter)) lost++;
		}
		const { twice, outOfOrder, strayed } = this;
		return { acknowledged, arrived: this.seen.size, lost, twice, outOfOrder, strayed };
	}
}
