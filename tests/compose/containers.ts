import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { ComposeFile, Service } from "../../render/compose/model";
import { whyNoRoots } from "../bundle/installed";
import { eventually } from "../support/eventually";

/**
 * What a compose file says, without containers: each service's own command, in a root of its own that is read-only where
 * the file says so, with its mounts, its environment, its capabilities, and a network of its own or another service's. No
 * image is there: in the place of each is this machine's `/usr`, with the one program that the image is taken for.
 */
export interface Composition {
	/** Starts services and what they depend on, in that order, and waits as `depends_on` says. */
	up(...services: readonly string[]): Promise<void>;
	/** Ends a service as `docker compose stop` does. */
	stop(service: string, signal?: NodeJS.Signals): Promise<void>;
	/** A command in a service's place, as `docker compose exec` has it. */
	exec(service: string, command: readonly string[]): { readonly status: number | null; readonly output: string };
	/** Everything that a service has written. */
	log(service: string): string;
	/** Waits for a service that ends by itself. @returns its exit code */
	ended(service: string, within: number): Promise<number | null>;
	/** Processes of this machine that run a program in a service's network. */
	processes(service: string, program: string): number[];
	close(): Promise<void>;
}

/** Why nothing can be run here, or `undefined`. */
export function whyNoContainers(): string | undefined {
	return whyNoRoots(["unshare", "nsenter", "setpriv", "chroot", "ip", "mount"], ["--net", "--mount"]);
}

const SEEN = ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64"];
/** $1 root; $2 `ro` or `rw`; then `kind source target mode`…, `--`, the command. */
const INSIDE = `
set -e
root=$1 how=$2
shift 2
mount --bind "$root" "$root"
for each in ${SEEN.join(" ")}; do [ ! -e "/$each" ] || mount --bind "/$each" "$root/$each"; done
[ "$how" = rw ] || mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do
	if [ "$1" = tmpfs ]; then mount -t tmpfs none "$root$3"; else mount --bind "$2" "$root$3"; fi
	[ "$4" = rw ] || mount -o remount,bind,ro "$root$3"
	shift 4
done
shift
exec chroot "$root" "$@"
`;

/** @param folder of the compose file @param programs by image, the program that it is taken for */
export function compose(file: ComposeFile, folder: string, programs: Readonly<Record<string, string>>): Composition {
	const work = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-compose-"));
	const networks = new Map<string, ChildProcess>();
	const running = new Map<string, ChildProcess>();
	const stopped = new Set<string>();
	const codes = new Map<string, number | null>();
	const logs = new Map<string, string>();
	const services = file.services;
	const of = (name: string): Service => {
		const service = services[name];
		if (!service) throw new Error(`there is no service ${name}`);
		return service;
	};
	const owner = (name: string) => /^service:(.*)$/.exec(of(name).network_mode ?? "")?.[1] ?? name;
	const owners = Object.keys(services).filter((name) => owner(name) === name);
	const address = (name: string) => `10.99.0.${owners.indexOf(name) + 10}`;
	const hosts = owners.map((name) => `${address(name)} ${name}\n`).join("");
	const hold = () =>
		spawn("setpriv", ["--pdeathsig=KILL", "unshare", "--net", "sleep", "infinity"], { stdio: "ignore" });
	const within = (holder: ChildProcess) => ["nsenter", "-t", String(holder.pid), "-n"];
	const ip = (holder: ChildProcess, words: string) => {
		const [program = "", ...args] = [...within(holder), "ip", ...words.split(" ")];
		execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
	};
	const bridge = hold();
	const ownNetwork = (child: ChildProcess) => () =>
		fs.readlinkSync(`/proc/${child.pid}/ns/net`) !== fs.readlinkSync("/proc/self/ns/net") &&
		fs.readFileSync(`/proc/${child.pid}/comm`, "utf8") === "sleep\n";

	async function network(name: string): Promise<ChildProcess> {
		const known = networks.get(name);
		if (known) return known;
		await eventually(ownNetwork(bridge), { what: "a bridge" });
		if (networks.size === 0) {
			ip(bridge, "link add br0 type bridge");
			ip(bridge, "link set br0 up");
		}
		const holder = hold();
		networks.set(name, holder);
		await eventually(ownNetwork(holder), { what: `a network for ${name}` });
		const cable = `v${owners.indexOf(name)}`;
		ip(bridge, `link add ${cable} type veth peer name eth0 netns ${holder.pid}`);
		ip(bridge, `link set ${cable} master br0 up`);
		ip(holder, `addr add ${address(name)}/24 dev eth0`);
		ip(holder, "link set eth0 up");
		ip(holder, "link set lo up");
		return holder;
	}

	function rootOf(name: string): string {
		const root = path.join(work, name);
		if (fs.existsSync(root)) return root;
		const service = of(name);
		const make = (target: string) => fs.mkdirSync(path.join(root, target), { recursive: true });
		for (const each of [...SEEN, "usr/local/bin", "proc", "dev", "tmp", "run", "etc", service.working_dir ?? "/"])
			make(each);
		for (const each of ["bin", "sbin", "lib", "lib64"]) fs.symlinkSync(`usr/${each}`, path.join(root, each));
		fs.writeFileSync(path.join(root, "etc/hosts"), `127.0.0.1 localhost\n${hosts}`);
		fs.writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
		const program = programs[service.image];
		if (program === undefined) throw new Error(`nothing stands in for ${service.image}`);
		fs.copyFileSync(program, path.join(root, "usr/local/bin", path.basename(program)));
		for (const target of service.tmpfs ?? []) make(target);
		for (const { type, source, target } of service.volumes ?? []) {
			if (type === "bind" && fs.statSync(path.join(folder, source)).isFile()) {
				make(path.dirname(target));
				fs.writeFileSync(path.join(root, target), "");
			} else make(target);
		}
		return root;
	}

	async function words(name: string, command: readonly string[]): Promise<string[]> {
		const service = of(name);
		const mounts = (service.volumes ?? []).flatMap(({ type, source, target, read_only }) => {
			const from = type === "bind" ? path.join(folder, source) : path.join(work, "volumes", source);
			if (type === "volume") fs.mkdirSync(from, { recursive: true });
			return ["bind", from, target, read_only ? "ro" : "rw"];
		});
		const tmpfs = (service.tmpfs ?? []).flatMap((target) => ["tmpfs", "", target, "rw"]);
		const caps = ["-all", ...(service.cap_add ?? []).map((cap) => `+${cap.toLowerCase()}`)].join(",");
		const rights = ["setpriv", "--no-new-privs", `--bounding-set=${caps}`, "--inh-caps=-all", "--pdeathsig=KILL"];
		const variables = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/root", ...service.environment };
		const environment = ["env", "-i", ...Object.entries(variables).map((entry) => entry.join("="))];
		const there = `cd ${service.working_dir ?? "/"} && exec "$@"`;
		return [
			...within(await network(owner(name))),
			...["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh"],
			...[rootOf(name), service.read_only ? "ro" : "rw", ...mounts, ...tmpfs, "--"],
			...[...rights, ...environment, "sh", "-c", there, "sh", ...command],
		];
	}

	async function start(name: string): Promise<void> {
		if (running.has(name)) return;
		const service = of(name);
		const image = programs[service.image] ?? "";
		// An image whose program is its entrypoint is given its arguments alone.
		const own = service.command[0]?.startsWith("-") ? [path.basename(image)] : [];
		const [program = "", ...args] = await words(name, [...own, ...service.command]);
		const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
		running.set(name, child);
		codes.delete(name);
		stopped.delete(name);
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (data) => logs.set(name, (logs.get(name) ?? "") + data));
		}
		child.once("exit", (code) => {
			running.delete(name);
			codes.set(name, code);
			const again = service.restart === "unless-stopped" || (service.restart === "on-failure" && code !== 0);
			if (again && !stopped.has(name)) setTimeout(() => void start(name), 500);
		});
	}

	/** Asked again with a pause, as each answer is a process of its own. */
	async function healthy(name: string): Promise<boolean> {
		await new Promise((resolve) => setTimeout(resolve, 200));
		const [kind, ...test] = of(name).healthcheck?.test ?? [];
		if (kind !== "CMD") throw new Error(`${name} has no health check`);
		const [program = "", ...args] = await words(name, test);
		return spawnSync(program, args).status === 0;
	}

	const composition: Composition = {
		async up(...names) {
			for (const name of names) {
				for (const [needed, { condition }] of Object.entries(of(name).depends_on ?? {})) {
					if (!codes.has(needed)) await composition.up(needed);
					const met = {
						service_started: () => running.has(needed),
						service_healthy: () => healthy(needed),
						service_completed_successfully: () => codes.get(needed) === 0,
					}[condition];
					const what = `${needed} for ${name}: ${condition}`;
					await eventually(met, { what, within: 120_000 }).catch((error) => {
						throw new Error(`${error.message}\n${logs.get(needed)}`);
					});
				}
				await start(name);
			}
		},
		async stop(name, signal = "SIGTERM") {
			stopped.add(name);
			const child = running.get(name);
			if (!child) return;
			const gone = new Promise((resolve) => child.once("exit", resolve));
			child.kill(signal);
			const timer = setTimeout(() => child.kill("SIGKILL"), 90_000);
			await gone;
			clearTimeout(timer);
		},
		exec(name, command) {
			const holder = networks.get(owner(name));
			if (!holder) throw new Error(`${name} does not run`);
			const caller = spawnSync("nsenter", ["-t", String(holder.pid), "-n", ...command], { encoding: "utf8" });
			return { status: caller.status, output: caller.stdout + caller.stderr };
		},
		log: (name) => logs.get(name) ?? "",
		async ended(name, within) {
			await eventually(() => codes.has(name), { what: `${name} ends`, within });
			return codes.get(name) ?? null;
		},
		processes(name, program) {
			const net = fs.readlinkSync(`/proc/${networks.get(owner(name))?.pid}/ns/net`);
			return fs
				.readdirSync("/proc")
				.filter((pid) => /^\d+$/.test(pid))
				.filter((pid) => {
					try {
						const comm = fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim();
						return comm === program && fs.readlinkSync(`/proc/${pid}/ns/net`) === net;
					} catch {
						return false;
					}
				})
				.map(Number);
		},
		async close() {
			await Promise.all([...running.keys()].map((name) => composition.stop(name, "SIGKILL")));
			// What a service has started besides.
			for (const name of networks.keys()) {
				for (const program of ["nats-server", "node", "nats"]) {
					for (const pid of composition.processes(name, program)) process.kill(pid, "SIGKILL");
				}
			}
			for (const holder of [bridge, ...networks.values()]) holder.kill("SIGKILL");
			fs.rmSync(work, { recursive: true, force: true, maxRetries: 5 });
		},
	};
	return composition;
}
