import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { connect, credsAuthenticator, nkeyAuthenticator } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { stackOutputs } from "../../contract/outputs";
import { ADMIN_API } from "../../topology/permissions";
import { SMALL_FLEET } from "../support/fleets";
import { type Finished, makeProject, type Project, run } from "../support/project";

/** The life of a local stack, as a user lives it: each step starts where the one before ended. */
describe("a local stack through the real CLI", () => {
	let project: Project;

	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
	});

	afterAll(async () => {
		await project?.close();
	});

	const ok = (result: Finished) => {
		expect(result.code, result.text).toBe(0);
		return result.text;
	};

	test("up brings up hub, devices and streams", async () => {
		ok(await project.pulumi("up", "--yes"));
		const outputs = stackOutputs.parse(await project.outputs());
		expect(Object.keys(outputs.leafline.devices)).toEqual(["edge1", "edge2"]);
		expect(outputs.leafline.pending).toEqual({});
		expect(await streams(project, "edge1")).toEqual(["edge1_alarm", "edge1_sensor"]);
	});

	test("a publisher that knows nothing of leafline reaches the hub", async () => {
		const connection = await connect({ servers: `127.0.0.1:${project.firstClientPort}` });
		const acknowledged = await connection.jetstream().publish("vehicle.sensor", "21.5");
		expect(acknowledged.stream).toBe("edge1_sensor");
		await connection.close();
		await expect
			.poll(() => hubSubjects(project, "hub_sensor"), { timeout: 20_000 })
			.toEqual({
				"edge1.sensor.vehicle.sensor": 1,
			});
	});

	test("status of a stack that is well has nothing to say", async () => {
		const { code, stdout, text } = await status(project);
		expect(code, text).toBe(0);
		expect(stdout).not.toMatch(/^ {2}[!·*]/m);
		expect(stdout).toMatch(/2 of 2 devices up .* 0 waiting/);
	});

	test("status names a device that was killed and one without its credentials, and up mends both", async () => {
		const folder = (device: string) => join(project.dir, ".leafline/local", device);
		const [pid] = readFileSync(join(folder("edge1"), "daemon.record"), "utf8").split("\n");
		process.kill(Number(pid), "SIGKILL");
		rmSync(join(folder("edge2"), "leaf.creds"));
		const { code, stdout } = await status(project);
		expect(code).toBe(2);
		expect(stdout).toContain("  ! edge1: its nats-server does not run: npm run up starts it\n");
		expect(stdout).toMatch(/ {2}! edge2: leaf\.creds is gone from its folder, .*: npm run up\n/);
		ok(await project.pulumi("up", "--yes"));
		expect(existsSync(join(folder("edge2"), "leaf.creds"))).toBe(true);
		await expect.poll(async () => (await status(project)).code, { timeout: 30_000 }).toBe(0);
	});

	test("what a person does to a class on a device needs the key of its own program, and works with it", async () => {
		const { leafline } = stackOutputs.parse(await project.outputs());
		const port = leafline.devices.edge1?.clientPort;
		const connection = await connect({ servers: `127.0.0.1:${port}` });
		const { seq } = await connection.jetstream().publish("edge1.alarm.oil", "low");
		await connection.close();
		const remove = (nats: string) =>
			run("sh", ["-c", `${nats} stream rmm edge1_alarm ${seq} --force`], { cwd: project.dir, env: process.env });
		const refused = await remove(`nats --server nats://127.0.0.1:${port} --timeout 1s`);
		expect(refused.code, refused.text).not.toBe(0);
		const root = leafline.local?.root ?? "";
		const owner = `nats --server nats://127.0.0.1:${port} --nkey ${leafDir(root, "edge1")}/${SERVER_FILES.deviceProgram}`;
		ok(await remove(owner));
		const again = await remove(owner);
		expect(again.text).toMatch(/no message found/);
	});

	test("a preview without changes says so", async () => {
		const text = ok(await project.pulumi("preview", "--expect-no-changes"));
		expect(text).not.toMatch(/[~+-] .*(update|create|delete)/);
		expect(text).toMatch(/\d+ unchanged/);
	});

	test("nothing secret stands in clear in state, logs or the processes' arguments", async () => {
		const exported = ok(await project.pulumi("stack", "export"));
		const clear = /S[UAO][A-Z2-7]{56}|PRIVATE KEY-----\\?n?[A-Za-z0-9+/]/;
		expect(exported).not.toMatch(clear);
		expect(JSON.stringify((await project.outputs()).leafConfigs)).not.toMatch(clear);
		const { access } = stackOutputs.parse(await project.outputs());
		expect(access?.adminCreds).toMatch(clear);
		expect(processes(project).join("\n")).not.toMatch(clear);
		for (const log of logs(project)) expect(readFileSync(log, "utf8")).not.toMatch(clear);
	});

	test("a changed limit changes the streams and nothing else", async () => {
		project.writeFleet(SMALL_FLEET.replace("hub: { keep: 1d } }", "hub: { keep: 2d } }"));
		const before = processes(project);
		const text = ok(await project.pulumi("up", "--yes"));
		expect(text).toMatch(/hub_alarm/);
		expect(text).not.toMatch(/[+-] .*(create|delete|replace)/);
		// The control leaf tidies up after itself a moment longer than the engine runs.
		await expect.poll(() => processes(project), { timeout: 20_000 }).toEqual(before);
	});

	test("a device that is added works, and the others are not touched", async () => {
		project.writeFleet(SMALL_FLEET.replace("edge1, edge2", "edge1, edge2, edge3"));
		const before = processes(project);
		ok(await project.pulumi("up", "--yes"));
		expect(await streams(project, "edge3")).toEqual(["edge3_alarm", "edge3_sensor"]);
		const after = processes(project);
		expect(after.length).toBe(before.length + 1);
		for (const line of before) expect(after).toContain(line);
	});

	test("a hub that died is started again", async () => {
		const hub = processes(project).find((line) => line.includes("/hub "));
		process.kill(Number(hub?.split(" ")[0]), "SIGKILL");
		ok(await project.pulumi("up", "--yes"));
		await expect
			.poll(() => hubSubjects(project, "hub_sensor"), { timeout: 20_000 })
			.toEqual({
				"edge1.sensor.vehicle.sensor": 1,
			});
	});

	test("refresh sees that a stream was deleted by hand, and up makes it again", async () => {
		const key = readFileSync(join(project.dir, ".leafline/local/edge2/leafline.nk"));
		const servers = `127.0.0.1:${project.firstClientPort + 1}`;
		const edge = await connect({ servers, authenticator: nkeyAuthenticator(key) });
		await (await edge.jetstreamManager()).streams.delete("edge2_sensor");
		await edge.close();
		const refreshed = ok(await project.pulumi("refresh", "--yes"));
		expect(refreshed).toMatch(/~ .*EdgeStreams.*/);
		ok(await project.pulumi("up", "--yes"));
		expect(await streams(project, "edge2")).toEqual(["edge2_alarm", "edge2_sensor"]);
		ok(await project.pulumi("preview", "--expect-no-changes"));
	});

	test("a device that is removed is gone, and the hub keeps its messages", async () => {
		project.writeFleet(SMALL_FLEET.replace("edge1, edge2", "edge2"));
		ok(await project.pulumi("up", "--yes"));
		expect(processes(project).some((line) => line.includes("edge1"))).toBe(false);
		expect(await hubSubjects(project, "hub_sensor")).toEqual({ "edge1.sensor.vehicle.sensor": 1 });
	});

	test("destroy leaves no process, port or folder", async () => {
		ok(await project.pulumi("destroy", "--yes"));
		expect(processes(project)).toEqual([]);
		const local = join(project.dir, ".leafline/local");
		expect(existsSync(local) ? readdirSync(local) : []).toEqual([]);
	});
});

async function streams(project: Project, device: string): Promise<string[]> {
	const { leafline } = stackOutputs.parse(await project.outputs());
	const connection = await connect({ servers: `127.0.0.1:${leafline.devices[device]?.clientPort}` });
	try {
		const names: string[] = [];
		for await (const name of (await connection.jetstreamManager()).streams.names()) names.push(name);
		return names.sort();
	} finally {
		await connection.close();
	}
}

/** Number of messages by subject of a hub stream, read with the administrator's credentials. */
async function hubSubjects(project: Project, stream: string): Promise<Record<string, number> | undefined> {
	const { access } = stackOutputs.parse(await project.outputs());
	const connection = await connect({
		servers: `127.0.0.1:${project.ports.client}`,
		authenticator: credsAuthenticator(new TextEncoder().encode(access?.adminCreds)),
	});
	try {
		const manager = await connection.jetstreamManager({ checkAPI: false, apiPrefix: ADMIN_API });
		return (await manager.streams.info(stream, { subjects_filter: ">" })).state.subjects;
	} finally {
		await connection.close();
	}
}

/** `pid arguments` of every process that works in the project's folder. */
function processes(project: Project): string[] {
	return readdirSync("/proc")
		.filter((pid) => /^\d+$/.test(pid))
		.flatMap((pid) => {
			try {
				const folder = relative(project.dir, readlinkSync(`/proc/${pid}/cwd`));
				if (folder.startsWith("..") || isAbsolute(folder)) return [];
				return [`${pid} ${folder} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()}`];
			} catch {
				return [];
			}
		})
		.sort();
}

function logs(project: Project): string[] {
	const root = join(project.dir, ".leafline/local");
	return readdirSync(root, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".log"))
		.map((name) => join(root, name));
}

async function status(project: Project): Promise<Finished> {
	const outputs = join(project.dir, "outputs.json");
	writeFileSync(outputs, JSON.stringify(await project.outputs()), { mode: 0o600 });
	const main = join(project.dir, "bin/cli/main.js");
	const env = { ...process.env, XDG_CACHE_HOME: join(project.dir, "cache") };
	return run(process.execPath, [main, "status", "--outputs", outputs], { cwd: project.dir, env });
}
