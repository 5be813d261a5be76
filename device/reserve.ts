import type { StreamInfo } from "../jetstream/answers";
import { isNear, nextMark, wentBack } from "../topology/reserve";
import { type Mark, type Reservations, readReservations, writeReservations } from "./reservations";
import { DeviceError } from "./spec";

type Marks = Readonly<Record<string, Mark>>;

/** How far streams may go cannot be written down. */
export class NotReserved extends DeviceError {
	/** @param near a stream is about to go further than what is written down */
	constructor(
		message: string,
		readonly near: boolean,
	) {
		super(message);
	}
}

/** Writes down ahead of use how far the streams of one device may go. */
export class Reserver {
	private known: Reservations | undefined;

	constructor(
		private readonly storeDir: string,
		private readonly device: string,
	) {}

	/**
	 * @returns the streams that stand behind what they once were, with what to say; their next start moves them on
	 * @throws NotReserved when it cannot be written down
	 */
	look(streams: readonly StreamInfo[]): ReadonlyMap<string, string> {
		this.known ??= this.read();
		if (this.isDue(streams, this.known)) {
			// Read anew: the gate may have written since.
			const { sealed, ...known } = this.read();
			const reserved = { ...known.reserved, ...due(streams, known.reserved) };
			const at = new Date().toISOString();
			const next = { ...known, at, reserved, ...(behind(streams, reserved).size > 0 && { unproved: true as const }) };
			this.known = undefined;
			this.write(next, streams, known.reserved);
			this.known = next;
		}
		return behind(streams, this.known.reserved);
	}

	private write(next: Reservations, streams: readonly StreamInfo[], marks: Marks): void {
		try {
			writeReservations(this.storeDir, next, "keep");
		} catch (error) {
			if (!(error instanceof DeviceError)) throw error;
			const near = streams.some(({ config, created = "", state }) =>
				isNear(state.last_seq, markOf(marks, config.name, created)),
			);
			throw new NotReserved(error.message, near);
		}
	}

	private isDue(streams: readonly StreamInfo[], { reserved, unproved }: Reservations): boolean {
		if (Object.keys(due(streams, reserved)).length > 0) return true;
		return behind(streams, reserved).size > 0 && !unproved;
	}

	private read(): Reservations {
		return readReservations(this.storeDir, this.device) ?? { version: 1, device: this.device, reserved: {} };
	}
}

/** The marks that are to be written now. */
function due(streams: readonly StreamInfo[], marks: Marks): Record<string, Mark> {
	const result: Record<string, Mark> = {};
	for (const { config, created = "", state } of streams) {
		const known = marks[config.name];
		const sequence = nextMark(state.last_seq, markOf(marks, config.name, created));
		if (sequence !== undefined) {
			const floor = known?.created === created ? known.floor : undefined;
			result[config.name] = { sequence, ...(floor !== undefined && { floor }), created };
		}
	}
	return result;
}

function behind(streams: readonly StreamInfo[], marks: Marks): Map<string, string> {
	const result = new Map<string, string>();
	for (const { config, created = "", state } of streams) {
		const mark = markOf(marks, config.name, created);
		if (wentBack(state.last_seq, mark)) {
			const where = `stands at ${state.last_seq} but has been near ${mark}`;
			result.set(config.name, `${config.name} ${where}: its store went back while its server ran; restart it`);
		}
	}
	return result;
}

function markOf(marks: Marks, stream: string, created: string): number | undefined {
	const known = marks[stream];
	return known?.created === created ? known.sequence : undefined;
}
