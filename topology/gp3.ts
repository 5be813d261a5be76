import { formatBytes } from "./format";

/**
 * What a gp3 volume takes. Size, operations and throughput as EC2's own model states them for `CreateVolume`
 * (botocore 1.44.8, 2026-11-20; AWS raised them from 16 TiB, 16,000 and 1,000 MiB/s in September 2025); the two ratios
 * as the EBS user guide does, "General Purpose SSD volumes".
 */
export const GP3 = {
	gib: { least: 1, most: 65_536 },
	/** 16 KiB operations a second; the least is included. */
	iops: { least: 3_000, most: 80_000 },
	/** MiB a second; the least is included. */
	throughput: { least: 125, most: 2_000 },
	/** Operations a second beyond the least, for each GiB. */
	iopsAGib: 500,
	/** MiB a second for each operation a second. */
	throughputAnOperation: 0.25,
} as const;

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** What is asked of a volume. */
export interface VolumeNeed {
	/** What JetStream may use, `max_file`. */
	readonly fileBytes: number;
	readonly bytesPerSecond: number;
	readonly operationsPerSecond: number;
}

/** `max_file` leaves a tenth of the volume to the file system and to files that are being rewritten. */
export const FILL = 0.9;

/** The most that `hub.file` can be on one volume. */
export const MOST_FILE_BYTES = Math.floor(GP3.gib.most * FILL) * GIB;

/** Size in GiB, operations and MiB a second; each within what gp3 takes, which may be less than is asked of it. */
export function volumeFor({ fileBytes, bytesPerSecond, operationsPerSecond }: VolumeNeed) {
	const throughput = within(GP3.throughput, Math.ceil(bytesPerSecond / MIB));
	// Throughput is sold by operations: 849 MiB/s with the 3,000 that are included are refused.
	const iops = Math.max(hundreds(operationsPerSecond), hundreds(throughput / GP3.throughputAnOperation));
	return { sizeGiB: sizeOf(fileBytes), iops: within(GP3.iops, iops), throughput };
}

/** Operations a second that a volume of this size can be given. */
export function mostIops(fileBytes: number): number {
	return Math.min(GP3.iops.most, Math.max(GP3.iops.least, sizeOf(fileBytes) * GP3.iopsAGib));
}

/** The `hub.file`, in GiB, whose volume can be given so many operations a second. */
export function fileForIops(iops: number): number {
	return Math.ceil((hundreds(iops) / GP3.iopsAGib) * FILL);
}

/** What is wrong with a `max_file`, if anything. */
export function tooLarge(fileBytes: number): { message: string; remedy: string } | undefined {
	if (sizeOf(fileBytes) <= GP3.gib.most) return undefined;
	return {
		message: `${formatBytes(fileBytes)} and a tenth for the file system are more than gp3 has, ${formatBytes(GP3.gib.most * GIB)}`,
		remedy: `write at most ${MOST_FILE_BYTES / GIB}GiB, keep it for a shorter time, or spread the fleet over several stacks`,
	};
}

function sizeOf(fileBytes: number): number {
	return Math.ceil(fileBytes / FILL / GIB);
}

function hundreds(value: number): number {
	return Math.ceil(value / 100) * 100;
}

function within({ least, most }: { least: number; most: number }, value: number): number {
	return Math.min(most, Math.max(least, value));
}
