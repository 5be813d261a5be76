import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeepSpec, WatchedHub } from "../../device/spec";
import { MONITOR, NODE } from "../../render/node/files";
import { renderReport } from "../../render/node/report";
import { sleep } from "../../system/wait";
import { eventually } from "./eventually";
import { startKeep } from "./keep-process";
import type { Server } from "./servers";

/** What looks after the nodes of a hub, as it is installed, and what it has restarted here. */
export interface HubWatch {
	/** What it has said so far. */
	said(): string;
	/** Looks until something is so. */
	until(done: () => Promise<unknown> | unknown, what: string): Promise<void>;
	/** How often a node was restarted. */
	restarts(node: Server): number;
	stop(): Promise<void>;
}

/** A node of a test's hub, and the disk that it stores on. */
export interface Node {
	readonly server: Server;
	/** Where its file system is mounted. */
	readonly mount: string;
	/** `store_dir`. */
	readonly store: string;
}

const DEADLINE_MS = 180_000;

/*
 * systemctl, as far as the watch calls it. A node's server is the child of its test, which does what is asked. What was
 * asked first counts: a process that was told to end is not asked to leave.
 */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$ASKED"
case $1 in restart) while [ -s "$ASKED" ]; do sleep 0.05; done ;; esac
`;

/**
 * The watch that a node on AWS runs (`render/node/watch.ts`), with other paths and another port. Its timer is the test:
 * each look is one run of it.
 */
export function nodeWatch(folder: string, nodes: readonly Node[]): HubWatch {
	mkdirSync(folder);
	const counted = new Map<Server, number>();
	let said = "";
	const looks = nodes.map((node) => {
		const own = join(folder, node.server.name);
		mkdirSync(join(own, "bin"), { recursive: true });
		writeFileSync(join(own, "bin", "systemctl"), SYSTEMCTL);
		chmodSync(join(own, "bin", "systemctl"), 0o755);
		writeFileSync(join(own, "node.env"), "REGION=none\nPARAMETERS=/leafline/test/hub/1\n");
		const script = renderReport()
			.replaceAll(MONITOR, `127.0.0.1:${node.server.ports.monitor}`)
			.replaceAll(NODE.env, join(own, "node.env"))
			.replaceAll("/run/leafline", join(own, "run"))
			.replaceAll(NODE.mount, node.mount);
		writeFileSync(join(own, "report.sh"), script);
		const asked = join(own, "asked");
		return async () => {
			writeFileSync(asked, "");
			const env = { PATH: `${own}/bin:${process.env.PATH}`, STATE_DIRECTORY: join(own, "state"), ASKED: asked };
			const child = spawn("sh", [join(own, "report.sh"), "watch"], { env, stdio: ["ignore", "ignore", "pipe"] });
			child.stderr.on("data", (text) => {
				said += `${node.server.name}: ${text}`;
			});
			const ended = new Promise((done) => child.once("close", done));
			const over = ended.then(() => true);
			while (!(await Promise.race([over, sleep(50)]))) {
				const calls = readFileSync(asked, "utf8");
				if (!calls.includes("restart nats-hub.service")) continue;
				await node.server.kill(calls.startsWith("kill -s TERM ") ? "SIGTERM" : "SIGUSR2");
				counted.set(node.server, (counted.get(node.server) ?? 0) + 1);
				await node.server.start();
				writeFileSync(asked, "");
			}
		};
	});
	return {
		said: () => said,
		restarts: (node) => counted.get(node) ?? 0,
		async until(done, what) {
			const deadline = Date.now() + DEADLINE_MS;
			while (!(await done())) {
				if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}; the watch says: ${said}`);
				await Promise.all(looks.map((look) => look()));
				await sleep(500);
			}
		},
		stop: async () => {},
	};
}

/** A script that asks the test to restart a node, and waits until it has. */
const RESTART = `const fs = require("node:fs"), [asked] = process.argv.slice(2);
fs.writeFileSync(asked, "");
const done = () => (fs.existsSync(asked) ? setTimeout(done, 50) : undefined);
done();
`;

/** The device program of a local stack, which looks after the hub on the same machine. It must be compiled. */
export function keeperWatch(folder: string, nodes: readonly Node[]): HubWatch {
	mkdirSync(folder);
	writeFileSync(join(folder, "restart.js"), RESTART);
	const asked = ({ server }: Node) => join(folder, `${server.name}.asked`);
	const hubs = nodes.map((node): [string, WatchedHub] => [
		node.server.name,
		{
			monitor: `http://127.0.0.1:${node.server.ports.monitor}`,
			dir: ".",
			storeDir: node.store,
			restart: { script: "restart.js", args: [asked(node)] },
		},
	]);
	const spec: KeepSpec = { devices: {}, hubs: Object.fromEntries(hubs) };
	writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
	const counted = new Map<Server, number>();
	const keep = startKeep(folder);
	let ended = false;
	const served = Promise.all(
		nodes.map(async (node) => {
			while (!ended) {
				await sleep(50);
				if (!existsSync(asked(node))) continue;
				await node.server.kill("SIGTERM");
				counted.set(node.server, (counted.get(node.server) ?? 0) + 1);
				await node.server.start();
				rmSync(asked(node));
			}
		}),
	);
	return {
		said: keep.said,
		restarts: (node) => counted.get(node) ?? 0,
		until: async (done, what) => {
			const asTold = async () => Boolean(await done());
			await eventually(asTold, { what, within: DEADLINE_MS }).catch((error) => {
				throw new Error(`${error.message}; the watch says: ${keep.said()}`);
			});
		},
		async stop() {
			if (ended) return;
			ended = true;
			await served;
			await keep.stop();
		},
	};
}
