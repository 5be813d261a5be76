/**
 * How a device tells that its last end was not clean: in the metadata of its streams, where whoever asks for them at the
 * hub finds it. The device program writes it before anybody can publish (`device/gate.ts`).
 */
export const CUT_NOTE = "leafline.cut";

export interface Cut {
	/** When the device had started again, milliseconds since 1970 by its own clock. */
	readonly at: number;
	/** The newest message that was there then: the end came after it. Absent if there was none, or nobody knows. */
	readonly after?: number;
}

/** `2026-11-26T08:14:11.000Z after 2026-11-26T08:12:03.000Z` */
export function writeCut({ at, after }: Cut): string {
	const time = (ms: number) => new Date(ms).toISOString();
	return after === undefined ? time(at) : `${time(at)} after ${time(after)}`;
}

const FORM = /^(\S{20,30})(?: after (\S{20,30}))?$/;

/** @returns undefined for anything else: a device may have written it */
export function readCut(text: string | undefined): Cut | undefined {
	const [, at = "", after] = FORM.exec(text ?? "") ?? [];
	const times = [at, ...(after === undefined ? [] : [after])].map(Date.parse);
	if (!times.every(Number.isFinite)) return undefined;
	const [first = 0, second] = times;
	return second === undefined ? { at: first } : { at: first, after: second };
}
