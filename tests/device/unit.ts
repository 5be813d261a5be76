import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { deviceSpec } from "../../components/leaves/device-spec";
import { reservationsFile } from "../../device/reservations";
import type { DeviceSpec, KeepSpec } from "../../device/spec";
import { renderGateConf } from "../../render/gate";
import { eventually } from "../support/eventually";
import { PROGRAM, startKeep } from "../support/keep-process";
import type { Rig } from "../support/rig";

/**
 * A device's server and the device program as real processes, run as the units of docs/device.md have systemd run them:
 * the gate before each start, `seal` after each end, and always again.
 */
export interface Unit {
	readonly spec: DeviceSpec;
	/** What `gate` and `seal` have said. */
	said(): string;
	/** The journal of `keep`. */
	kept(): string;
	/** The server's own. */
	log(): string;
	/** How often the server was started. */
	starts(): number;
	/** Attempts of the unit, those that the gate has refused included. */
	attempts(): number;
	/** Processes of the server that run now. */
	pid(): number | undefined;
	/** Starts `keep` anew. */
	restartKeep(): Promise<void>;
	stop(): Promise<void>;
}

/*
 * As systemd: `gate` refuses a start, what the server left is sealed with its exit status, and after a pause it begins
 * again. Ends when its standard input does.
 */
const SUPERVISOR = `
cd "$1"; program=$2; conf=$3
exec 3<&0 </dev/null
( read -r _ <&3; : > stop; kill -TERM "$(cat pid 2>/dev/null)" 2>/dev/null; sleep 10; kill -9 "$(cat pid)" 2>/dev/null ) 2>/dev/null & watch=$!
until [ -e stop ]; do
	echo attempt >> attempts
	node "$program" gate >> said 2>&1 3<&- & pid=$!
	echo $pid > pid
	if wait $pid; then
		echo start >> starts
		nats-server -c "$conf" >> server.log 2>&1 3<&- & pid=$!
		echo $pid > pid
		wait $pid; status=$?
	else
		status=1
	fi
	if [ $status -gt 128 ]; then code=killed; else code=exited; fi
	EXIT_CODE=$code EXIT_STATUS=$status node "$program" seal >> said 2>&1 3<&-
	[ -e stop ] || sleep 1
done
kill $watch 2>/dev/null
`;

/**
 * Takes a device of a rig over: its server ends, and what it stored goes on at `store`.
 * @param store a folder that is not there yet
 */
export async function runUnit(rig: Rig, name: string, store: string): Promise<Unit> {
	const dir = join(rig.bench.path(""), `${name}.unit`);
	mkdirSync(dir);
	const { server } = rig.device(name);
	await server.kill("SIGTERM");
	cpSync(rig.bench.path(name), store, { recursive: true });
	const conf = readFileSync(rig.bench.path(`${name}.conf`), "utf8").replace(
		/^(\s*store_dir: ).*$/m,
		`$1${JSON.stringify(store)}`,
	);
	writeFileSync(join(dir, "leaf.conf"), `${conf}\nports_file_dir: ${JSON.stringify(dir)}\n`);
	const options = { urls: ["tls://127.0.0.1:1"], credentials: "none", ca: "none", storeDir: store };
	writeFileSync(join(dir, "gate.conf"), renderGateConf(rig.topology, name, options));
	const files = { storeDir: store, gateConf: "gate.conf", key: rig.bench.programKey(name) };
	const spec = deviceSpec(rig.topology, name, files);
	writeFileSync(join(dir, "device.json"), JSON.stringify(spec));
	const keepDir = join(dir, "keep");
	mkdirSync(keepDir);
	const url = `nats://127.0.0.1:${rig.device(name).port}`;
	const keepSpec: KeepSpec = { devices: { [name]: { url, dir: relative(keepDir, dir), spec, portsDir: "." } } };
	writeFileSync(join(keepDir, "spec.json"), JSON.stringify(keepSpec));

	const read = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), "utf8") : "");
	const lines = (file: string) => read(file).split("\n").length - 1;
	const supervisor = spawn("sh", ["-c", SUPERVISOR, "sh", dir, PROGRAM, "leaf.conf"], {
		stdio: ["pipe", "ignore", "inherit"],
	});
	const ended = new Promise((done) => supervisor.once("close", done));
	let journal = "";
	let keep = startKeep(keepDir);
	const unit: Unit = {
		spec,
		said: () => read("said"),
		kept: () => journal + keep.said(),
		log: () => read("server.log"),
		starts: () => lines("starts"),
		attempts: () => lines("attempts"),
		pid: () => Number(read("pid")) || undefined,
		async restartKeep() {
			await keep.stop();
			journal += keep.said();
			keep = startKeep(keepDir);
		},
		async stop() {
			await keep.stop();
			supervisor.stdin.end();
			await ended;
		},
	};
	await eventually(() => rig.bench.api(name, "INFO"), { what: `the hub reaches ${name}`, within: 120_000 });
	await eventually(() => existsSync(reservationsFile(store)), { what: `marks of ${name}` });
	return unit;
}
