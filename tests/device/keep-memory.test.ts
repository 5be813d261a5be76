import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { createSeed } from "../../components/identity/nkey";
import { KEEP_ENVIRONMENT, KEEP_NODE_FLAGS } from "../../topology/program-memory";
import { eventually } from "../support/eventually";
import { PROGRAM } from "../support/keep-process";
import { freePorts } from "../support/ports";
import { makeServers, type Servers } from "../support/servers";

/** `keep` ends with its standard input, at the latest with this process. */
const KEEP = `
exec 3<&0 </dev/null
"$0" "$@" keep 3<&- >&2 & keep=$!
echo $keep
( read -r _ <&3; kill -9 $keep ) 2>/dev/null & watch=$!
wait $keep
kill $watch 2>/dev/null
`;
let servers: Servers | undefined;

afterEach(async () => {
	await servers?.close();
});

/** The smallest server that has what it asks for. All of it, streams and traffic, is `npm run bench -- program`. */
it("takes less than 60 MB while it looks at its server", async () => {
	servers = makeServers();
	const [client = 0, monitor = 0] = await freePorts(2);
	const store = JSON.stringify(servers.path("store"));
	const text = `listen: 127.0.0.1:${client}\nhttp: 127.0.0.1:${monitor}\njetstream: { store_dir: ${store} }\nports_file_dir: ${JSON.stringify(servers.folder)}\n`;
	await servers.add("edge1", { client, monitor }, text).start();
	servers.write("leafline.nk", createSeed("U"));
	const spec = { device: "edge1", storeDir: "store", gateConf: "", key: "leafline.nk", hubSyncMs: 250, streams: [] };
	const kept = { url: `nats://127.0.0.1:${client}`, dir: "..", spec, portsDir: "." };
	mkdirSync(servers.path("keep"));
	servers.write("keep/spec.json", JSON.stringify({ devices: { edge1: kept } }));
	const child = spawn("sh", ["-c", KEEP, process.execPath, ...KEEP_NODE_FLAGS, PROGRAM], {
		cwd: servers.path("keep"),
		env: { PATH: process.env.PATH, ...KEEP_ENVIRONMENT },
		stdio: ["pipe", "pipe", "inherit"],
	});
	try {
		const pid = await new Promise<number>((done) => child.stdout.once("data", (said) => done(Number(said))));
		const looks = async () => {
			const answer = await fetch(`http://127.0.0.1:${monitor}/connz`, { signal: AbortSignal.timeout(1_000) });
			const { connections = [] } = (await answer.json()) as { connections?: { in_msgs: number }[] };
			return (connections[0]?.in_msgs ?? 0) >= 25;
		};
		await eventually(looks, { what: "it has looked 25 times", within: 60_000 });
		const status = readFileSync(`/proc/${pid}/status`, "utf8");
		const most = (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024) / 1e6;
		expect(most).toBeLessThan(60);
	} finally {
		const ended = new Promise((done) => child.once("close", done));
		child.stdin.end();
		await ended;
	}
});
