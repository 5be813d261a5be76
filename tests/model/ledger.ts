import type { Acknowledged, Allowance } from "./judge";

/** What one class of one device was told is stored, and what may be missing of it. */
export interface LaneRecord {
	readonly device: string;
	readonly class: string;
	readonly direction: "uplink" | "downlink";
	/** Ids given so far. */
	published: number;
	readonly acknowledged: Acknowledged[];
	readonly allowances: Allowance[];
	/** Messages that a stream refused, and the publisher knows it. */
	refused: number;
	/** Copies of a message that stand at the far end because the stream was told to begin anew. */
	dropsBeyond?: number;
}

/** Everything that was ever published and acknowledged in one run. It forgets nothing. */
export class Ledger {
	private readonly lanes = new Map<string, LaneRecord>();

	lane(device: string, className: string, direction: LaneRecord["direction"] = "uplink"): LaneRecord {
		const key = `${device} ${className}`;
		const known = this.lanes.get(key);
		if (known) return known;
		const made: LaneRecord = {
			device,
			class: className,
			direction,
			published: 0,
			acknowledged: [],
			allowances: [],
			refused: 0,
		};
		this.lanes.set(key, made);
		return made;
	}

	all(): readonly LaneRecord[] {
		return [...this.lanes.values()];
	}

	/** States, before anybody looks, that what was acknowledged in this time may be gone. */
	allow(device: string, allowance: Allowance, direction: LaneRecord["direction"] = "uplink"): void {
		for (const lane of this.all()) {
			if (lane.device === device && lane.direction === direction) lane.allowances.push(allowance);
		}
	}

	get acknowledged(): number {
		return this.all().reduce((sum, lane) => sum + lane.acknowledged.length, 0);
	}
}

const MARK = "leafline-model";

export function encode({ device, class: name }: LaneRecord, id: number, bytes: number): Uint8Array {
	return Buffer.from(`${MARK} ${device} ${name} ${id} `.padEnd(bytes, "."));
}

/** @returns undefined for a message that no model published */
export function decode(data: Uint8Array): { device: string; class: string; id: number } | undefined {
	const text = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 200)).toString("latin1");
	const [mark, device, name, id] = text.split(" ", 4);
	if (mark !== MARK || device === undefined || name === undefined) return undefined;
	return { device, class: name, id: Number(id) };
}
