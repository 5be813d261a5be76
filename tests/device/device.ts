import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { deviceSpec, edgeGroupOf, ownStreams } from "../../components/leaves/device-spec";
import { gate } from "../../device/gate";
import { KeptDevice } from "../../device/kept-device";
import { seal } from "../../device/seal";
import type { DeviceSpec, KeptDevice as KeptDeviceSpec } from "../../device/spec";
import { renderGateConf } from "../../render/gate";
import { OWNER } from "../../topology/names";
import { LOOK_EVERY_MS } from "../../topology/reserve";
import { eventually } from "../support/eventually";
import { halt } from "../support/halt";
import { RIG_OWNER, type Rig } from "../support/rig";

/** A device of a rig with the device program, and with a disk that can lose what was not on it. */
export interface DeviceWithProgram {
	readonly spec: DeviceSpec;
	/** What the device program is told of it. */
	readonly kept: KeptDeviceSpec;
	readonly said: string[];
	/** What the device program has said while the server ran. */
	readonly complaints: string[];
	/** The device program runs beside the server, as it does on a device. */
	keep(): void;
	/** The device program was started anew. */
	forget(): void;
	/** What a power cut would leave: the store as it is now. */
	photograph(): void;
	/** The same while programs publish. */
	photographLive(): Promise<void>;
	/** `kill -9`, and the disk is as it was at the last photograph. */
	cutPower(): Promise<void>;
	/** The disk of a device that is shut down becomes what it was at the last photograph. */
	putBack(): void;
	/** What stands before a start. */
	gate(): Promise<void>;
	/** As the unit starts it: the gate first, if there is one. Waits until the hub reaches it, or does not. */
	boot(options?: { readonly gate?: boolean; readonly reach?: boolean }): Promise<void>;
	/** As the unit ends it. */
	shutDown(): Promise<void>;
	close(): Promise<void>;
}

export function withProgram(rig: Rig, name: string): DeviceWithProgram {
	const { server } = rig.device(name);
	const dir = rig.bench.path("");
	const store = rig.bench.path(name);
	const copy = `${store}.photograph`;
	const gateConf = `${name}.gate.conf`;
	const options = { urls: ["tls://127.0.0.1:1"], credentials: "none", ca: "none", storeDir: store };
	fs.writeFileSync(path.join(dir, gateConf), renderGateConf(rig.topology, name, options));
	const spec = deviceSpec(rig.topology, name, { storeDir: store, gateConf, key: rig.bench.programKey(name) });
	const complaints: string[] = [];
	const url = `nats://127.0.0.1:${rig.device(name).port}`;
	const group = edgeGroupOf(rig.topology, name);
	const memory = group ? ownStreams(group, name, { [OWNER]: RIG_OWNER }).memory : [];
	const told: KeptDeviceSpec = { url, dir: ".", spec, memory };
	const start = () => new KeptDevice(dir, told, (line) => complaints.push(line));
	let kept = start();
	const said: string[] = [];
	const pass = () => gate(dir, spec, (line) => void said.push(line));
	let keeping: Promise<void> | undefined;
	let closed = false;
	const keepLooking = async () => {
		while (!closed) {
			await kept.look();
			await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
		}
	};
	const putBack = () => {
		fs.rmSync(store, { recursive: true });
		fs.cpSync(copy, store, { recursive: true });
	};
	return {
		spec,
		kept: told,
		said,
		complaints,
		forget() {
			void kept.close();
			kept = start();
		},
		keep() {
			keeping ??= keepLooking();
		},
		photograph() {
			fs.rmSync(copy, { recursive: true, force: true });
			fs.cpSync(store, copy, { recursive: true });
		},
		async photographLive() {
			fs.rmSync(copy, { recursive: true, force: true });
			// Held meanwhile: a copy of files that change is what no disk ever was at one time.
			const pid = server.pid() ?? 0;
			await halt(pid);
			try {
				await promisify(execFile)("cp", ["-a", store, copy]);
			} finally {
				process.kill(pid, "SIGCONT");
			}
		},
		async cutPower() {
			await server.kill();
			putBack();
		},
		putBack,
		gate: pass,
		async boot({ gate: gated = true, reach = true } = {}) {
			if (gated) await pass();
			await server.start();
			if (reach)
				await eventually(() => rig.bench.api(name, "INFO"), { what: `the hub reaches ${name}`, within: 60_000 });
		},
		async shutDown() {
			await server.kill("SIGTERM");
			seal(dir, spec);
		},
		async close() {
			closed = true;
			await kept.close();
			await keeping;
		},
	};
}
