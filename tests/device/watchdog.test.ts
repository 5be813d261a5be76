import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { RECORD_FILE, readRecord } from "../../components/daemon/record";
import { DeviceWatch } from "../../device/device-watch";
import { HubWatch } from "../../device/hub-watch";
import { Silence } from "../../device/silence";
import { renderKeepUnit } from "../../render/bundle/units";
import { HARDENED } from "../../render/hardened";
import { HUNG_LOOKS, HUNG_MS } from "../../topology/watchdog";
import { eventually } from "../support/eventually";
import { halt } from "../support/halt";
import { freePorts } from "../support/ports";
import { makeServers } from "../support/servers";

const servers = makeServers();
const children: ChildProcess[] = [];

afterAll(async () => {
	for (const child of children) child.kill("SIGKILL");
	await servers.close();
});

function start(command: string, args: readonly string[], env = process.env, cwd?: string): ChildProcess {
	const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], ...(cwd !== undefined && { cwd }) });
	children.push(child);
	return child;
}

describe("a server that runs and answers nobody", () => {
	it("is killed after two minutes of it, and not while it answers", { timeout: 120_000 }, async () => {
		const [port = 0, monitor = 0] = await freePorts(2);
		const conf = `listen: "127.0.0.1:${port}", http: "127.0.0.1:${monitor}", ports_file_dir: "${servers.path("")}"`;
		const server = servers.add("hung", { client: port }, conf);
		await server.start();
		const pid = server.pid() ?? 0;
		const said: string[] = [];
		let clock = 0;
		const spec = { device: "edge1", storeDir: ".", gateConf: "", key: "", hubSyncMs: 0, streams: [] };
		const device = { url: `nats://127.0.0.1:${port}`, dir: ".", spec };
		const watch = new DeviceWatch(servers.path(""), device, ".", (line) => said.push(line), new Silence(() => clock));
		let looks = 0;
		const look = () => {
			clock += HUNG_MS / 4;
			return watch.look(undefined, ++looks * 60_000);
		};
		for (let count = 0; count < 3 * HUNG_LOOKS; count++) await look();
		expect(said).toEqual([]);
		await halt(pid);
		for (let count = 0; count < HUNG_LOOKS - 1; count++) await look();
		expect(said.filter((line) => line.includes("killed"))).toEqual([]);
		await look();
		expect(said).toContain(`edge1: its server (process ${pid}) answers nobody for 2m: it is killed and started anew`);
		await eventually(() => server.pid() === undefined || spawnSync("kill", ["-0", String(pid)]).status !== 0, {
			what: "it is gone",
		});
	});
});

describe("a server of a local stack that runs and answers nobody", () => {
	const daemon = `${__dirname}/../../bin/components/daemon/daemon.js`;
	const restart = { script: daemon, args: ["again", "."] };
	const folders: string[] = [];

	afterAll(() => {
		for (const folder of folders) execFileSync(process.execPath, [daemon, "stop", folder]);
	});

	/** As `npm run up` starts it. */
	async function startLocal(name: string) {
		const [client = 0, monitor = 0] = await freePorts(2);
		const dir = servers.path(name);
		const document = {
			dir,
			name,
			program: execFileSync("sh", ["-c", "command -v nats-server"], { encoding: "utf8" }).trim(),
			args: ["-c", "nats.conf"],
			ports: [client, monitor],
			ready: { http: `http://127.0.0.1:${monitor}/healthz` },
			files: {
				"nats.conf": {
					content: `listen: "127.0.0.1:${client}", http: "127.0.0.1:${monitor}", ports_file_dir: "."\n`,
				},
			},
		};
		folders.push(dir);
		execFileSync(process.execPath, [daemon, "start"], { input: JSON.stringify(document) });
		const pid = () => readRecord(dir)?.pid ?? 0;
		return { dir, client, monitor: `http://127.0.0.1:${monitor}`, pid };
	}

	type Local = Awaited<ReturnType<typeof startLocal>>;

	/** What looks after it, and says so to `say`. */
	const watched = {
		hub({ dir, monitor }: Local, say: (line: string) => void, silence: Silence) {
			const hub = { monitor, dir, storeDir: ".", record: RECORD_FILE, restart };
			return new HubWatch(dir, "hub", hub, say, silence);
		},
		edge1({ dir, client }: Local, say: (line: string) => void, silence: Silence) {
			const spec = { device: "edge1", storeDir: ".", gateConf: "", key: "", hubSyncMs: 0, streams: [] };
			const device = { url: `nats://127.0.0.1:${client}`, dir, spec, restart };
			return new DeviceWatch(dir, device, ".", say, silence);
		},
	};

	it.each(["hub", "edge1"] as const)(
		"%s is ended after two minutes of it, and runs again",
		{
			timeout: 180_000,
		},
		async (name) => {
			const local = await startLocal(name);
			const before = local.pid();
			const said: string[] = [];
			let clock = 0;
			const watch = watched[name](local, (line) => said.push(line), new Silence(() => clock));
			let looks = 0;
			const look = () => {
				clock += HUNG_MS / 4;
				return watch.look(undefined, ++looks * 60_000);
			};
			const ends = () => said.filter((line) => line.includes("answers nobody for 2m"));
			for (let count = 0; count < 3 * HUNG_LOOKS; count++) await look();
			expect(ends()).toEqual([]);
			await halt(before);
			for (let count = 0; count < HUNG_LOOKS - 1; count++) await look();
			expect(ends()).toEqual([]);
			await look();
			expect(ends()).toEqual([expect.stringContaining(`${name}: its server (process ${before})`)]);
			const again = async () => local.pid() !== before && (await fetch(`${local.monitor}/healthz`)).ok;
			await eventually(again, { what: `it runs again: ${said.join("; ")}`, within: 90_000 });
		},
	);

	it("stays ended where somebody has ended it", { timeout: 60_000 }, async () => {
		const local = await startLocal("hub2");
		execFileSync(process.execPath, [daemon, "stop", local.dir]);
		const said: string[] = [];
		let clock = 0;
		const watch = watched.hub(local, (line) => said.push(line), new Silence(() => clock));
		for (let count = 1; count <= 3 * HUNG_LOOKS; count++) {
			clock += HUNG_MS / 4;
			await watch.look(undefined, count * 60_000);
		}
		expect(said.filter((line) => line.includes("answers nobody"))).toEqual([]);
	});
});

describe("the device program under a unit with a watchdog", () => {
	const python = spawnSync("python3", ["--version"]).error === undefined;
	const notify = spawnSync("systemd-notify", ["--version"]).error === undefined;

	it.skipIf(!python || !notify)("says that it is alive", { timeout: 60_000 }, async () => {
		const folder = servers.path("keep");
		fs.mkdirSync(folder);
		fs.writeFileSync(`${folder}/spec.json`, JSON.stringify({ devices: {} }));
		const socket = `${folder}/notify`;
		const listener = start("python3", ["-c", LISTEN, socket]);
		let heard = "";
		listener.stdout?.on("data", (data) => {
			heard += data;
		});
		await eventually(() => fs.existsSync(socket), { what: "somebody listens", within: 30_000 });
		const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "120000000" };
		start(process.execPath, [`${__dirname}/../../bin/device/leafline-device.js`, "keep"], env, folder);
		await eventually(() => heard.includes("WATCHDOG=1"), { what: "a sign of life", within: 30_000 });
	});

	it("has its unit restart it", () => {
		const unit = renderKeepUnit({ storeDir: "/var/lib/nats/edge", memoryBytes: 0 });
		expect(unit).toMatch(/^WatchdogSec=120$/m);
		expect(unit).toMatch(/^NotifyAccess=all$/m);
		expect(unit).toMatch(/^Restart=always$/m);
	});
});

describe.skipIf(process.getuid?.() !== 0)("the device program in its unit's own view of processes", () => {
	/** A process as the server's unit has it, and what one as `keep`'s sees of it. */
	function sees(view: string): boolean {
		const hide = { invisible: ",hidepid=invisible", default: "" }[view];
		if (hide === undefined) throw new Error(`ProtectProc=${view} is not known here`);
		const { stdout } = spawnSync(
			"unshare",
			["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", VIEW, "sh", hide],
			{
				encoding: "utf8",
			},
		);
		return stdout.includes("(sleep)");
	}
	const last = (text: string) =>
		text
			.match(/^ProtectProc=(\w+)$/gm)
			?.at(-1)
			?.split("=")[1] ?? "default";

	it("sees a server that has users of its own, which the other units' view hides", { timeout: 60_000 }, ({ skip }) => {
		skip(execFileSync("uname", { encoding: "utf8" }).trim() !== "Linux", "not Linux");
		skip(!sees("default"), "no namespaces, or no proc of its own");
		expect(sees(last(HARDENED)), "what is common to all").toBe(false);
		expect(sees(last(renderKeepUnit({ storeDir: "/var/lib/nats/edge", memoryBytes: 0 })))).toBe(true);
	});
});

const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
`;

const VIEW = `
setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-current-user sleep 30 &
server=$!
mount -t proc -o "subset=pid$1" proc /proc
tries=0
until [ "$tries" = 50 ]; do
	tries=$((tries + 1))
	setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-current-user \\
		cat "/proc/$server/stat" 2> /dev/null | grep '(sleep)' && break
	sleep 0.1
done
kill "$server"
`;
