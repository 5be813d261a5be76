import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { serverBinary } from "../../components/hub/aws/server-binary";
import { pushAccount } from "../../components/identity/push";
import { type Control, control } from "../../control/control";
import { NODE, PARAMETER } from "../../render/node/files";
import { eventually } from "../support/eventually";
import { makeServers } from "../support/servers";
import { blankDisk, type Disk, type Machine, makeMachine, rootDisk } from "./machine";
import { layCable, MACHINE, OUTSIDE } from "./network";
import { type Cloud, startCloud } from "./stub/cloud";
import { makeWorld, type World } from "./world";

/** Everything of the test: one machine, its disks, the cloud around it, and an administrator outside. */
export interface Site {
	readonly world: World;
	readonly cloud: Cloud;
	readonly machine: Machine;
	readonly servers: ReturnType<typeof makeServers>;
	readonly disks: { readonly root: Disk; readonly data: Disk; readonly foreign: Disk; readonly blank: Disk };
	/** The server's binary. */
	readonly server: Buffer;
	/** Puts what the program renders into the parameter store. @param changes other texts, by name */
	publish(changes?: Changes): void;
	/** Waits for a line of the node script. @param since lines before this one do not count */
	said(line: RegExp, options?: { within?: number; since?: number }): Promise<string>;
	/** Lines of the node script so far, also of earlier boots. */
	lines(): Promise<string[]>;
	/** Waits until the hub says that it is healthy. @param within milliseconds, default 30 min */
	healthy(within?: number): Promise<void>;
	/** The way to the hub that an administrator has: over its leaf port. */
	control(): Promise<Control>;
	/** Gives the hub its accounts, as the program does once it runs. */
	pushAccounts(): Promise<void>;
	close(): Promise<void>;
}

export type Changes = Readonly<Record<string, string>>;

const MIB = 1024 ** 2;
const EXT4_UUID = "5ca1ab1e-0000-4000-8000-000000000001";

export async function openSite(): Promise<Site> {
	const image = process.env.LEAFLINE_BOOT_IMAGE;
	if (!image) throw new Error("there is no root image; run: npm run test:boot");
	// An interrupted test runner leaves its workers; with this one, the machine and all servers end.
	process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
	layCable();
	const servers = makeServers();
	const server = readFileSync(serverBinary("x86_64", "leafline").path);
	const world = await makeWorld(MACHINE);
	const cloud = await startCloud(OUTSIDE, world.region, MACHINE);
	cloud.objects.set(objectOf(world.parameters[PARAMETER.release]?.value), server);
	cloud.instance.userData = world.userData;
	const machine = makeMachine(image, servers.folder);
	const foreign = blankDisk(servers.folder, "vol0f0f0f0f0f0f0f0f2", 64 * MIB);
	execFileSync("mke2fs", ["-q", "-t", "ext4", "-U", EXT4_UUID, "-L", "somebody", foreign.file]);
	const disks = {
		root: rootDisk(image, servers.folder),
		data: blankDisk(servers.folder, serialOf(world), 4096 * MIB),
		foreign,
		blank: blankDisk(servers.folder, "vol0b0b0b0b0b0b0b0b3", 4096 * MIB),
	};
	let opened: Promise<Control> | undefined;
	// With a pause: whoever asks without one takes the emulated machine's time away.
	const lines = async () => {
		const { output } = await machine.run("sleep 1; journalctl -q -o cat -t leafline-node");
		return output.split("\n");
	};
	const site: Site = {
		world,
		cloud,
		machine,
		servers,
		disks,
		server,
		lines,
		publish(changes = {}) {
			for (const [name, { value, secret }] of Object.entries(world.parameters)) {
				cloud.parameters.set(`${world.path}/${name}`, { value: changes[name] ?? value, secret });
			}
		},
		said: (line, { within = 1_800_000, since = 0 } = {}) =>
			eventually(async () => (await lines()).slice(since).find((each) => line.test(each)), {
				what: `the node script says ${line}`,
				within,
			}),
		async healthy(within = 1_800_000) {
			const url = "http://127.0.0.1:8222/healthz";
			const well = async () => (await machine.run(`sleep 1; curl -fsS --max-time 5 ${url}`)).code === 0;
			await eventually(well, { what: "the hub is healthy", within });
		},
		control() {
			opened ??= control(world.connection, { timeoutMs: 300_000 });
			return opened;
		},
		async pushAccounts() {
			const { system, ready } = await site.control();
			for (const jwt of world.accounts) await pushAccount(system, jwt, 1, 300_000);
			await ready(300_000);
		},
		async close() {
			await opened?.then((way) => way.close()).catch(() => {});
			await machine.cut();
			await cloud.close();
			await servers.close();
		},
	};
	return site;
}

/** Of the data volume, as the machine sees it. */
export function serialOf({ volume }: World): string {
	return volume.replace("-", "");
}

/** `bucket/key` of the server that a text of the parameter `release` names. */
export function objectOf(release = ""): string {
	return /^url=s3:\/\/(.+)$/m.exec(release)?.[1] ?? "";
}

/** What is on a small disk, as a hash. */
export function content({ file }: Disk): string {
	return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Whether nothing was ever written to a blank disk: its file has no blocks. */
export function untouched({ file }: Disk): boolean {
	return statSync(file).blocks === 0;
}

/** Serial of the disk that a folder of the machine lies on, and the name that the disk has by chance. */
export async function diskOf(machine: Machine, folder: string): Promise<{ serial: string; device: string }> {
	const device = (await machine.ask(`findmnt -nro SOURCE --target ${folder}`)).trim();
	return { device, serial: (await machine.ask(`lsblk -dnro SERIAL ${device}`)).trim() };
}

/** Everything below the mount point that lies on the root disk instead of the volume. */
export async function strayFiles(machine: Machine): Promise<string> {
	const look = `mkdir -p /run/look && mount --bind / /run/look && find /run/look${NODE.mount} -mindepth 1; umount /run/look`;
	return (await machine.run(look)).output.replace(/^find: .*No such file or directory$/m, "");
}
