import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderUserData } from "../../render/node/script";
import { eventually } from "../support/eventually";

export interface Ran {
	readonly code: number | null;
	/** Standard output and standard error. */
	readonly output: string;
}

/**
 * A machine to run the node script on: namespaces of its own for mounts, processes and network, this machine's root
 * file system with a layer in memory over it, and loop devices as disks. Only systemctl, sysctl, aws, lsblk and journalctl are
 * stand-ins (see stubs/); formatting, mounting, firewall and server are real. Ends with this process at the latest.
 */
export interface Machine {
	/** Loop devices, in the order of `disks`. */
	readonly devices: readonly string[];
	run(command: string, options?: { readonly env?: Record<string, string> }): Promise<Ran>;
	/** As `run`; @throws with the output when the exit status is not 0 */
	must(command: string): Promise<string>;
	/** Writes parameters of the node, or takes those away that are `undefined`. */
	parameters(texts: Readonly<Record<string, string | undefined>>): void;
	/** File that the machine sees below /host. */
	write(name: string, text: string): void;
	read(name: string): string;
	remove(name: string): void;
	/** Which device has which serial. */
	attach(serials: Readonly<Record<string, string>>): void;
	/** Puts a server's binary where the script fetches it; the result is its sha256. */
	publish(name: string, file: string): string;
	close(): Promise<void>;
}

/** Why no machine can be had here, or `undefined`. */
export function whyNoMachine(): string | undefined {
	if (process.platform !== "linux") return "not Linux";
	if (process.getuid?.() !== 0) return "not root";
	for (const tool of ["unshare", "nsenter", "losetup", "setpriv", "mkfs.xfs", "mkfs.ext4", "nft", "curl", "ip"]) {
		if (toolPath(tool) === "") return `${tool} is not installed`;
	}
	const tried = spawnSync("unshare", ["-m", "-p", "-n", "-f", "sh", "-c", TRIAL], { encoding: "utf8" });
	return tried.status === 0 ? undefined : `no namespaces, overlay or loop devices: ${tried.stderr.trim()}`;
}

const TRIAL =
	"losetup -f > /dev/null && mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w && grep -q xfs /proc/filesystems && " +
	"mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt";

const SETUP = `
set -e
base=$1; shift
mount -t tmpfs tmpfs "$base/memory"
mkdir "$base/memory/upper" "$base/memory/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/memory/upper,workdir=$base/memory/work" "$base/machine"
mount -t proc proc "$base/machine/proc"
mount --rbind /sys "$base/machine/sys"
mount --rbind /dev "$base/machine/dev"
mount -t tmpfs tmpfs "$base/machine/run"
mkdir -p "$base/machine/host"
mount --bind "$base/host" "$base/machine/host"
: > "$base/machine/etc/fstab"
ip link set lo up
descriptor=3
for disk; do
	device=$(losetup -f --show "$disk")
	eval "exec $descriptor< $device"
	losetup -d "$device" # goes when the last who has it open ends
	echo "$device"
	descriptor=$((descriptor + 1))
done
echo ready
exec chroot "$base/machine" cat
`;

/** Where a tool of this machine lies, which the other sees as well. */
export function toolPath(name: string): string {
	return spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
}

const STUBS = join(__dirname, "stubs");

/** @param disks how many blank disks of 320 MiB, about the smallest that xfs takes */
export async function makeMachine(disks: number): Promise<Machine> {
	const base = mkdtempSync(join(tmpdir(), "leafline-node-"));
	const host = join(base, "host");
	for (const folder of ["memory", "machine", "host", "host/parameters", "host/objects", "host/stubs"])
		mkdirSync(join(base, folder));
	for (const stub of ["systemctl", "aws", "lsblk", "journalctl"])
		copyFileSync(join(STUBS, stub), join(host, "stubs", stub));
	const files = Array.from({ length: disks }, (_, i) => join(host, `disk${i}`));
	for (const file of files) {
		writeFileSync(file, "");
		truncateSync(file, 320 << 20);
	}
	const flags = ["--mount", "--pid", "--fork", "--net", "--propagation", "private", "--kill-child"];
	const child = spawn("unshare", [...flags, "sh", "-c", SETUP, "sh", base, ...files], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	let said = "";
	child.stdout.on("data", (data) => {
		said += data;
	});
	await eventually(() => said.endsWith("ready\n"), { what: "a machine's namespaces" });
	const devices = said.split("\n").filter((line) => line.startsWith("/dev/"));
	const root = firstChild(child);
	writeFileSync(join(host, "user-data"), renderUserData({ region: "eu-central-1", path: "/leafline/test/hub/1" }));
	const machine: Machine = {
		devices,
		run: (command, { env = {} } = {}) => inside(root, command, env),
		async must(command) {
			const { code, output } = await machine.run(command);
			if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`);
			return output;
		},
		parameters(texts) {
			for (const [name, text] of Object.entries(texts)) {
				if (text === undefined) rmSync(join(host, "parameters", name), { force: true });
				else writeFileSync(join(host, "parameters", name), text);
			}
		},
		write: (name, text) => writeFileSync(join(host, name), text),
		read: (name) => (existsSync(join(host, name)) ? readFileSync(join(host, name), "utf8") : ""),
		remove: (name) => rmSync(join(host, name), { force: true }),
		attach: (serials) =>
			writeFileSync(
				join(host, "disks"),
				Object.entries(serials)
					.map((entry) => `${entry.join(" ")}\n`)
					.join(""),
			),
		publish(name, file) {
			copyFileSync(file, join(host, "objects", name));
			return spawnSync("sha256sum", [file], { encoding: "utf8" }).stdout.slice(0, 64);
		},
		async close() {
			const ended = new Promise((done) => child.once("close", done));
			child.stdin.end();
			await ended;
			rmSync(base, { recursive: true, force: true });
		},
	};
	return machine;
}

/** The first process of the namespaces. */
function firstChild(child: ChildProcess): string {
	return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
}

function inside(root: string, command: string, env: Record<string, string>): Promise<Ran> {
	// What a service of systemd has, with the stand-ins first.
	const path = "/host/stubs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const child = spawn("nsenter", ["-t", root, "-m", "-p", "-n", "-r", "-w", "sh", "-c", command], {
		env: { PATH: path, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (data) => {
			output += data;
		});
	}
	return new Promise((done, fail) => {
		child.once("error", fail);
		child.once("close", (code) => done({ code, output }));
	});
}
