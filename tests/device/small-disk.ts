import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually";

/** A disk of its own for a device: ext4 on a loop device, in a mount namespace that nobody else sees. */
export interface SmallDisk {
	/** Where everybody on this machine reaches it, for as long as it is mounted. */
	readonly path: string;
	/** A foreign file takes all that is left. */
	fill(): void;
	/** Foreign files take all inodes that are left. */
	fillInodes(): void;
	/** What is foreign goes. */
	free(): void;
	/** The file system finds an error in itself, and goes read-only (`errors=remount-ro`). */
	fail(): void;
	close(): Promise<void>;
}

/** Why no such disk can be had here, or `undefined`. */
export function whyNoDisk(): string | undefined {
	if (process.platform !== "linux") return "not Linux";
	if (process.getuid?.() !== 0) return "not root";
	for (const tool of ["unshare", "nsenter", "losetup", "mkfs.ext4"]) {
		if (spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
	}
	const trial = "losetup -f > /dev/null && grep -q ext4 /proc/filesystems && mount -t tmpfs t /mnt";
	const tried = spawnSync("unshare", ["-m", "sh", "-c", trial], { encoding: "utf8" });
	return tried.status === 0 ? undefined : `no namespaces, ext4 or loop devices: ${tried.stderr.trim()}`;
}

const MOUNT = 'mount -o loop,errors=remount-ro "$1" "$2" && echo ready && exec cat';
const FAIL = 'source=$(findmnt -nro SOURCE "$1") && echo trial > /sys/fs/ext4/"${' + 'source##*/}"/trigger_fs_error';

/** @param folder that exists, for its image and its mount point */
export async function smallDisk(folder: string, bytes: number, inodes = 4_096): Promise<SmallDisk> {
	const image = join(folder, "disk.img");
	const mount = join(folder, "disk");
	mkdirSync(mount, { recursive: true });
	writeFileSync(image, "");
	truncateSync(image, bytes);
	// Nothing is kept for root, as whom tests run.
	must("mkfs.ext4", ["-q", "-m", "0", "-N", String(inodes), image]);
	const holder = spawn("unshare", ["-m", "sh", "-c", MOUNT, "sh", image, mount], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	let said = "";
	holder.stdout.on("data", (text) => {
		said += text;
	});
	await eventually(() => said.includes("ready"), { what: "a small disk" });
	const path = `/proc/${holder.pid}/root${mount}`;
	const inside = (script: string, ...args: string[]) =>
		must("nsenter", ["-t", String(holder.pid), "-m", "sh", "-c", script, "sh", ...args]);
	return {
		path,
		fill: () => void spawnSync("dd", ["if=/dev/zero", `of=${join(path, "foreign")}`, "bs=4096"]),
		fillInodes() {
			const foreign = join(path, "foreign.d");
			mkdirSync(foreign);
			try {
				for (let i = 0; ; i++) writeFileSync(join(foreign, String(i)), "");
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
			}
		},
		free() {
			for (const name of ["foreign", "foreign.d"]) rmSync(join(path, name), { recursive: true, force: true });
		},
		fail: () => inside(FAIL, mount),
		async close() {
			const ended = new Promise((done) => holder.once("close", done));
			holder.stdin.end();
			await ended;
		},
	};
}

function must(command: string, args: readonly string[]): void {
	const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}
