import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { eventually } from "../support/eventually";

/**
 * A root file system in which a bundle is installed, and what systemd would run in it: the commands of the installed units,
 * in their order, in their folders, with their environment, as their user. The sandbox around them is not there.
 */
export interface Installed {
	readonly root: string;
	/** Everything that the commands have written. */
	log(): string;
	/** Runs what stands before the server, then the server; resolves when it is ready. @throws with what a command said */
	start(): Promise<void>;
	startKeep(): void;
	/** @default SIGKILL, behind which no `ExecStopPost=` is told of a good end */
	stop(signal?: NodeJS.Signals): Promise<void>;
	/** The store as it lies on the disk now, for `putBack`. */
	photograph(): void;
	putBack(): void;
	/** Command lines of the running processes. */
	processes(): string[];
	close(): Promise<void>;
}

/** Why none can be had here, or `undefined`. */
export function whyNotInstalled(): string | undefined {
	const tools = ["unshare", "setpriv", "chroot", "systemd-tmpfiles", "systemd-sysusers", "systemd-notify"];
	return whyNoRoots(tools, ["--mount"]);
}

/** Why nothing can be run in a root of its own here, or `undefined`. @param namespaces flags of `unshare` that it needs */
export function whyNoRoots(tools: readonly string[], namespaces: readonly string[]): string | undefined {
	if (process.platform !== "linux") return "not Linux";
	if (process.getuid?.() !== 0) return "not root";
	for (const tool of tools) {
		if (spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
	}
	const mount = ["--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"];
	if (spawnSync("unshare", [...namespaces, ...mount]).status === 0) return undefined;
	return `no ${namespaces.includes("--net") ? "networks and mounts" : "mounts"} of its own`;
}

/** A root file system of its own with a Node and a nats-server, in which a bundle is installed. @param bundle its folder */
export function installedRoot(bundle: string): string {
	const root = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-installed-"));
	fs.chmodSync(root, 0o755);
	const at = (...names: string[]) => path.join(root, ...names);
	// What a device has of its own, and the folders of this machine that are seen in their places.
	for (const folder of ["usr/local/bin", ...SEEN, "proc", "dev", "tmp", "run"])
		fs.mkdirSync(at(folder), { recursive: true });
	for (const name of ["bin", "lib", "lib64"]) fs.symlinkSync(`usr/${name}`, at(name));
	fs.copyFileSync(onPath("nats-server"), at("usr/local/bin/nats-server"));
	fs.copyFileSync(process.execPath, at("usr/local/bin/node"));
	// The installer looks into the root, where this machine's folders are not seen yet.
	fs.writeFileSync(at("usr/bin/systemd-notify"), "", { mode: 0o755 });
	fs.chmodSync(at("tmp"), 0o1777);
	execFileSync("sh", [path.join(bundle, "install.sh"), "--root", root], { stdio: ["ignore", "ignore", "inherit"] });
	execFileSync("systemd-tmpfiles", [`--root=${root}`, "--create", "leafline.conf"], {
		stdio: ["ignore", "ignore", "inherit"],
	});
	return root;
}

/** Numbers of the account in which units run. */
export function accountOf(root: string): { readonly uid: string; readonly gid: string } {
	const passwd = fs.readFileSync(path.join(root, "etc/passwd"), "utf8");
	const [, uid = "", gid = ""] = /^leafline:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? [];
	return { uid, gid };
}

/** Runs words in a root, with this machine's programs. */
export function inRoot(root: string, words: readonly string[]): ChildProcess {
	const flags = ["--mount", "--propagation", "private", "sh", "-c", MOUNTED, "sh", root];
	return spawn("unshare", [...flags, ...words], { stdio: ["ignore", "pipe", "pipe"] });
}

/** @param bundle folder with an `install.sh` */
export function installBundle(bundle: string): Installed {
	const root = installedRoot(bundle);
	const at = (...names: string[]) => path.join(root, ...names);
	const { uid, gid } = accountOf(root);
	const server = readUnit(at("etc/systemd/system/leafline-server.service"));
	const keep = readUnit(at("etc/systemd/system/leafline-keep.service"));
	const storeDir = at(fs.readFileSync(at("etc/tmpfiles.d/leafline.conf"), "utf8").match(/^d (\S+)/m)?.[1] ?? "");
	fs.mkdirSync(at("run/leafline"));
	fs.chownSync(at("run/leafline"), Number(uid), Number(gid));
	const photo = `${storeDir}.photograph`;
	const running = new Map<string, ChildProcess>();
	let log = "";

	const run = (unit: Unit, command: string, env: Readonly<Record<string, string>> = {}): ChildProcess => {
		const who = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--pdeathsig=KILL", "env", "-i"];
		const variables = Object.entries({ ...unit.environment, ...env }).map((entry) => entry.join("="));
		const words = [...who, ...variables, "sh", "-c", `umask ${unit.umask} && cd ${unit.folder} && exec ${command}`];
		const child = inRoot(root, words);
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (data) => {
				log += data;
			});
		}
		return child;
	};
	const ended = (child: ChildProcess) =>
		new Promise<number | null>((resolve) => {
			if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
			else child.once("close", resolve);
		});
	const before = async (unit: Unit) => {
		for (const command of unit.before) {
			const began = log.length;
			if ((await ended(run(unit, command))) !== 0) throw new Error(`${command}: ${log.slice(began)}`);
		}
	};
	const stopOne = async (name: string, signal: NodeJS.Signals) => {
		const child = running.get(name);
		running.delete(name);
		child?.kill(signal);
		if (child) await ended(child);
	};

	return {
		root,
		log: () => log,
		async start() {
			await before(server);
			const began = log.length;
			const child = run(server, server.main);
			running.set("server", child);
			const ready = () => {
				if (child.exitCode !== null) throw new Error(`the server ended: ${log.slice(began)}`);
				return log.slice(began).includes("Server is ready");
			};
			await eventually(ready, { what: "the server is ready", within: 120_000 });
		},
		startKeep() {
			void before(keep).then(() => running.set("keep", run(keep, keep.main)));
		},
		async stop(signal = "SIGKILL") {
			await stopOne("server", signal);
			const told =
				signal === "SIGTERM" ? { EXIT_CODE: "exited", EXIT_STATUS: "0" } : { EXIT_CODE: "killed", EXIT_STATUS: "KILL" };
			for (const command of server.after) await ended(run(server, command, told));
		},
		photograph() {
			fs.rmSync(photo, { recursive: true, force: true });
			execFileSync("cp", ["-a", storeDir, photo]);
		},
		putBack() {
			fs.rmSync(storeDir, { recursive: true });
			execFileSync("cp", ["-a", photo, storeDir]);
		},
		processes: () =>
			[...running.values()].map(({ pid }) => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")),
		async close() {
			for (const name of [...running.keys()]) await stopOne(name, "SIGKILL");
			fs.rmSync(root, { recursive: true, force: true });
		},
	};
}

const SEEN = ["usr/bin", "usr/lib", "usr/lib64"];
const MOUNTED = `
set -e
root=$1
shift
for each in ${SEEN.join(" ")}; do [ ! -e "/$each" ] || mount --bind "/$each" "$root/$each"; done
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot "$root" "$@"
`;

function onPath(name: string): string {
	return fs.realpathSync(spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim());
}

export interface Unit {
	readonly folder: string;
	readonly umask: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly before: readonly string[];
	readonly main: string;
	readonly after: readonly string[];
}

export function readUnit(file: string): Unit {
	const lines = fs.readFileSync(file, "utf8").split("\n");
	const all = (key: string) =>
		lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
	const variables = all("Environment").map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]);
	return {
		folder: all("WorkingDirectory")[0] ?? "/",
		umask: all("UMask")[0] ?? "022",
		environment: Object.fromEntries(variables),
		before: all("ExecStartPre"),
		main: all("ExecStart")[0] ?? "false",
		after: all("ExecStopPost"),
	};
}
