import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Eyes, openEyes, type Result } from "./eyes";
import { TAP } from "./network";

export interface Disk {
	/** As an EBS volume's on an instance: its id without the dash. At most 20 characters. */
	readonly serial: string;
	readonly file: string;
	readonly format: "raw" | "qcow2";
}

/** An emulated PC that stands in for an instance: disks on NVMe, one network card, no keyboard. */
export interface Machine {
	/** Switches it on, with its disks in this order. */
	on(disks: readonly Disk[]): Promise<void>;
	/** A command in it, as root. @param within milliseconds, default 10 min */
	run(command: string, within?: number): Promise<Result>;
	/** As `run`, and gives what it printed. @throws when it fails */
	ask(command: string, within?: number): Promise<string>;
	/** Lets the system end in order. */
	shutDown(): Promise<void>;
	/** Takes the power away, at once. */
	cut(): Promise<void>;
	/** Everything it wrote to its console. */
	console(): string;
}

const KERNEL = ["root=LABEL=root", "ro", "console=ttyS0", "net.ifnames=0", "systemd.log_color=no", "panic=-1"];
const CPUS = 2;
const MEMORY_MIB = 2048;
const OFF_WITHIN_MS = 600_000;

/*
 * As the tests' servers: descriptor 3 is a pipe whose other end only the test's process holds, and when that dies, even
 * by kill -9, the emulator dies too.
 */
const LIFELINE = `
exec 3<&0 </dev/null
"$@" 3<&- & machine=$!
echo "$machine"
exec >&-
( read -r _ <&3; kill -9 "$machine" 2>/dev/null ) 2>/dev/null & watch=$!
wait "$machine"
kill "$watch" 2>/dev/null
`;

/**
 * @param image folder of the root image's files
 * @param folder where the machine's own files go
 * @param kernel further words of the kernel's command line
 */
export function makeMachine(image: string, folder: string, kernel: readonly string[] = []): Machine {
	const log = join(folder, "console.log");
	const socket = join(folder, "eyes");
	const uuid = `ec2${randomUUID().slice(3)}`;
	writeFileSync(log, "");
	let shell: ChildProcess | undefined;
	let pid = 0;
	let ended: Promise<void> = Promise.resolve();
	let eyes: Eyes | undefined;
	const off = async () => {
		await ended;
		eyes?.close();
		shell?.stdin?.destroy();
		shell = undefined;
	};
	const run: Machine["run"] = (command, within) => {
		if (!eyes) return Promise.reject(new Error("the machine is off"));
		return eyes.run(command, within);
	};
	return {
		run,
		async ask(command, within) {
			const { code, output } = await run(command, within);
			if (code !== 0) throw new Error(`${command}: exit code ${code}: ${output}`);
			return output;
		},
		async on(disks) {
			appendFileSync(log, `\n=== on ${new Date().toISOString()}\n`);
			const command = ["qemu-system-x86_64", ...hardware(image, disks, { uuid, log, socket, kernel })];
			const child = spawn("sh", ["-c", LIFELINE, "machine", ...command], {
				stdio: ["pipe", "pipe", "pipe"],
				// A session of its own: a kernel that shares its time out by sessions gives it a share of its own.
				detached: true,
			});
			shell = child;
			let error = "";
			child.stderr?.on("data", (data) => {
				error += data;
			});
			pid = Number(await new Promise<string>((resolve) => child.stdout?.once("data", (data) => resolve(String(data)))));
			ended = new Promise((resolve) => child.once("exit", () => resolve()));
			const opened = openEyes(socket);
			eyes = await Promise.race([opened, ended.then(() => Promise.reject(new Error(`the emulator ended: ${error}`)))]);
		},
		async shutDown() {
			await run("systemctl poweroff", 120_000).catch(() => undefined);
			const timer = setTimeout(() => process.kill(pid, "SIGKILL"), OFF_WITHIN_MS);
			await off();
			clearTimeout(timer);
		},
		async cut() {
			if (!shell) return;
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// Off already.
			}
			await off();
		},
		console: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
	};
}

interface Files {
	readonly uuid: string;
	readonly log: string;
	readonly socket: string;
	readonly kernel: readonly string[];
}

function hardware(image: string, disks: readonly Disk[], { uuid, log, socket, kernel }: Files): string[] {
	// What a guest has flushed, or an EBS volume acknowledged, is kept; what is only in the guest's memory is lost.
	const drives = disks.flatMap(({ serial, file, format }, index) => [
		...["-drive", `if=none,id=disk${index},file=${file},format=${format},cache=writeback,discard=unmap`],
		...["-device", `nvme,drive=disk${index},serial=${serial}`],
	]);
	return [
		// Hardware acceleration is not to be had everywhere, and hung where it was tried inside a virtual machine.
		...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", String(CPUS), "-m", String(MEMORY_MIB)],
		...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
		...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd")],
		...["-append", [...KERNEL, ...kernel].join(" ")],
		// By this, cloud-init knows an instance of EC2.
		...["-uuid", uuid, "-smbios", `type=1,manufacturer=Amazon EC2,serial=${uuid},uuid=${uuid}`],
		...["-chardev", `file,id=console,path=${log},append=on`, "-serial", "chardev:console"],
		...drives,
		...["-netdev", `tap,id=net,ifname=${TAP},script=no,downscript=no`, "-device", "virtio-net-pci,netdev=net"],
		...["-device", "virtio-serial", "-chardev", `socket,id=eyes,path=${socket},server=on,wait=off`],
		...["-device", "virtserialport,chardev=eyes,name=eyes", "-device", "virtio-rng-pci"],
	];
}

/** A disk of its own on top of the root image, which stays as it is. */
export function rootDisk(image: string, folder: string): Disk {
	const file = join(folder, "root.qcow2");
	execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", join(image, "root.img"), file]);
	return { serial: "vol0f00000000000000f", file, format: "qcow2" };
}

/** A disk with a copy of a folder on it, as a stick that somebody brings. */
export function copyOnDisk(folder: string, serial: string, from: string, bytes: number): Disk {
	const disk = blankDisk(folder, serial, bytes);
	execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", from, disk.file]);
	return disk;
}

/** A disk with nothing on it. */
export function blankDisk(folder: string, serial: string, bytes: number): Disk {
	const file = join(folder, `${serial}.img`);
	writeFileSync(file, "");
	truncateSync(file, bytes);
	return { serial, file, format: "raw" };
}
