/** How much of a link a release may take while it is fetched: an alarm must not wait for it. */
const PART_OF_A_LINK = 10;
const LEAST = 8 * 1024;
const MOST = 1024 * 1024;

/**
 * Bytes a second that a device fetches of a release: a tenth of what its link has by the plan, 8 KiB to 1 MiB.
 * @param linkBitsPerSecond of the way up, as the fleet file states it; the way down is hardly ever less. @default unknown: 32 KiB
 */
export function rolloutBytesPerSecond(linkBitsPerSecond: number | undefined): number {
	if (linkBitsPerSecond === undefined) return 4 * LEAST;
	return Math.min(MOST, Math.max(LEAST, Math.floor(linkBitsPerSecond / 8 / PART_OF_A_LINK)));
}
