import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/**
 * A disk that nobody else writes to: a file system of its own in an image on a real disk. What is written to it stands in
 * `/proc/diskstats` by itself, whatever else the machine does. Linux, and root.
 */
export interface OwnDisk {
	/** Where it is mounted. */
	readonly folder: string;
	/** Since it was made. */
	counters(): DiskCounters;
	/** As by a power cut: from now on nothing gets to the medium, also what was written and not synced. */
	cutPower(): void;
	/** After `cutPower()`, once nobody uses it any more. */
	mountAgain(): void;
	close(): void;
}

export type FileSystem = "ext4" | "xfs";

export interface DiskCounters {
	/** Bytes that the block device was told to write, the file system's own journal included. */
	readonly bytes: number;
	/** Times that it was told to put its cache onto the medium. */
	readonly flushes: number;
}

const IN_OWN_MOUNTS = "LEAFLINE_OWN_MOUNTS";
/** `XFS_IOC_GOINGDOWN`, which ext4 has as well (Linux, fs/ext4/ioctl.c): 2 is without writing the journal. */
const SHUT_DOWN =
	'open(my $folder, "<", $ARGV[0]) or die $!; my $flag = pack("L", 2); ioctl($folder, 0x8004587d, $flag) or die $!';
const SECTOR = 512;
/** Fields of a line of /proc/diskstats, counted from 0 (Linux, Documentation/admin-guide/iostats.rst). */
const FIELD = { name: 2, sectorsWritten: 9, flushes: 18 } as const;

/**
 * Runs this program again among mounts of its own, which go away with its last process, however that ends.
 * @returns false in the program that shall go on
 */
export function movedToOwnMounts(): boolean {
	if (process.env[IN_OWN_MOUNTS]) return false;
	if (process.getuid?.() !== 0) throw new Error("needs root, to mount a file system of its own");
	const env = { ...process.env, [IN_OWN_MOUNTS]: "1" };
	const { status } = spawnSync("unshare", ["-m", process.execPath, ...process.argv.slice(1)], {
		env,
		stdio: "inherit",
	});
	process.exitCode = status ?? 1;
	return true;
}

/** @param folder is made if it is not there; the image lies beside it */
export function mountOwnDisk(folder: string, kind: FileSystem, size: string): OwnDisk {
	const image = `${folder}.img`;
	fs.mkdirSync(folder, { recursive: true });
	run("truncate", "-s", size, image);
	// Nothing is left to be written by the kernel later on.
	if (kind === "ext4") run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
	else run("mkfs.xfs", "-q", image);
	const options = kind === "xfs" ? "loop,noatime,nouuid" : "loop,noatime";
	const mount = () => run("mount", "-o", options, image, folder);
	mount();
	const device = () => path.basename(run("findmnt", "-no", "SOURCE", folder).trim());
	return {
		folder,
		counters: () => counters(device()),
		cutPower: () => void run("perl", "-e", SHUT_DOWN, folder),
		mountAgain() {
			run("umount", folder);
			// Whoever was given mounts of its own meanwhile still has this one: the same image would be the same file system,
			// which is shut down.
			run("cp", "--sparse=always", image, `${image}.next`);
			fs.renameSync(`${image}.next`, image);
			mount();
		},
		close() {
			run("umount", folder);
			fs.rmSync(image);
		},
	};
}

function counters(device: string): DiskCounters {
	const lines = fs.readFileSync("/proc/diskstats", "utf8").split("\n");
	const fields = lines.map((line) => line.trim().split(/\s+/)).find((line) => line[FIELD.name] === device);
	if (!fields) throw new Error(`/proc/diskstats has no ${device}`);
	return { bytes: Number(fields[FIELD.sectorsWritten]) * SECTOR, flushes: Number(fields[FIELD.flushes]) };
}

function run(command: string, ...args: readonly string[]): string {
	return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
