import { nextMark, wentBack } from "../topology/reserve";
import type { StreamInfo } from "./ask";
import { type Mark, readReservations, writeReservations } from "./reservations";
import { DeviceError } from "./spec";

type Marks = Readonly<Record<string, Mark>>;

/** Writes down ahead of use how far the streams of one device may go. */
export class Reserver {
	private marks: Marks | undefined;

	constructor(
		private readonly storeDir: string,
		private readonly device: string,
	) {}

	/** @throws DeviceError when it cannot be written down, or a stream stands behind what it once was */
	look(streams: readonly StreamInfo[]): void {
		this.marks ??= readReservations(this.storeDir, this.device)?.reserved ?? {};
		if (Object.keys(due(streams, this.marks)).length === 0) return;
		// Read anew: the gate may have written since.
		const { sealed, ...known } = readReservations(this.storeDir, this.device) ?? {
			version: 1 as const,
			device: this.device,
			reserved: {},
		};
		const reserved = { ...known.reserved, ...due(streams, known.reserved) };
		this.marks = undefined;
		writeReservations(this.storeDir, { ...known, reserved });
		this.marks = reserved;
	}
}

/** The marks that are to be written now. */
function due(streams: readonly StreamInfo[], marks: Marks): Record<string, Mark> {
	const result: Record<string, Mark> = {};
	for (const { config, created, state } of streams) {
		const known = marks[config.name];
		const mark = known?.created === created ? known.sequence : undefined;
		if (wentBack(state.last_seq, mark)) {
			throw new DeviceError(
				`${config.name} stands at ${state.last_seq} but has been near ${mark}: its store went back while its server ran; restart it`,
			);
		}
		const sequence = nextMark(state.last_seq, mark);
		if (sequence !== undefined) result[config.name] = { sequence, created };
	}
	return result;
}
