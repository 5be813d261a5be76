import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually";

/** One nats-server that can be killed and started again, with its data. */
export interface Server {
	readonly name: string;
	/** As its configuration states them. */
	readonly ports: Readonly<Record<string, number>>;
	/** Starts it and waits until it says that it is ready. `program` and `env` are for this start only. */
	start(as?: { readonly program?: string; readonly env?: Readonly<Record<string, string>> }): Promise<void>;
	/** Ends it and waits until it is gone. @default SIGKILL */
	kill(signal?: NodeJS.Signals): Promise<void>;
	/** Writes another configuration, for the next start. */
	configure(text: string): void;
	/** Everything it ever wrote. */
	log(): string;
	/** Of the running process. */
	pid(): number | undefined;
}

/** A folder and the servers in it. All are gone with `close()`, and when the test's process ends, however it ends. */
export interface Servers {
	readonly folder: string;
	/** A path in the folder. */
	path(name: string): string;
	/** Writes a file that nobody else may read, and returns its path. */
	write(name: string, text: string): string;
	add(name: string, ports: Readonly<Record<string, number>>, configuration: string): Server;
	close(): Promise<void>;
}

/*
 * Descriptor 3 is a pipe whose other end only the test's process holds. When that dies, even by kill -9, the server
 * dies, and with the last one goes the folder.
 */
const LIFELINE = `
exec 3<&0 </dev/null
"$3" -c "$1" >>"$2" 2>&1 3<&- & server=$!
echo "$server"
exec >&-
( read -r _ <&3; kill -9 "$server" 2>/dev/null ) 2>/dev/null & watch=$!
wait "$server"
kill "$watch" 2>/dev/null
`;
const REAPER = 'read -r _; sleep 0.5; rm -rf "$1"';

export function makeServers(): Servers {
	const folder = mkdtempSync(join(tmpdir(), "leafline-bench-"));
	const reaper = spawn("sh", ["-c", REAPER, "reaper", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
	reaper.unref();
	const all: Server[] = [];
	const path = (name: string) => join(folder, name);
	const write = (name: string, text: string) => {
		writeFileSync(path(name), text, { mode: 0o600 });
		return path(name);
	};
	return {
		folder,
		path,
		write,
		add(name, ports, configuration) {
			const server = makeServer(name, ports, write(`${name}.conf`, configuration), path(`${name}.log`));
			all.push(server);
			return server;
		},
		async close() {
			await Promise.all(all.map((server) => server.kill()));
			reaper.stdin?.destroy();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

function makeServer(name: string, ports: Readonly<Record<string, number>>, file: string, logFile: string): Server {
	let shell: ChildProcess | undefined;
	let pid: number | undefined;
	let ended: Promise<void> = Promise.resolve();
	const log = () => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
	return {
		name,
		ports,
		log,
		pid: () => pid,
		configure: (text) => writeFileSync(file, text, { mode: 0o600 }),
		async start({ program = "nats-server", env = {} } = {}) {
			await ended;
			const before = log().length;
			// Detached: a Ctrl-C is for the test runner, which ends everything in good order.
			const child = spawn("sh", ["-c", LIFELINE, name, file, logFile, program], {
				stdio: ["pipe", "pipe", "ignore"],
				env: { ...process.env, ...env },
				detached: true,
			});
			shell = child;
			ended = new Promise((resolve) => child.once("exit", () => resolve()));
			child.stdout?.once("data", (data) => {
				pid = Number(String(data));
			});
			await eventually(
				() => {
					const fresh = log().slice(before);
					if (child.exitCode !== null) throw new Error(`it ended: ${fresh.trim().split("\n").pop()}`);
					return pid !== undefined && fresh.includes("Server is ready");
				},
				{ what: `${name} is ready` },
			);
		},
		async kill(signal = "SIGKILL") {
			if (!shell || pid === undefined || shell.exitCode !== null) return;
			try {
				process.kill(pid, signal);
			} catch {
				// Gone already.
			}
			await ended;
			shell.stdin?.destroy();
			shell = undefined;
			pid = undefined;
		},
	};
}
