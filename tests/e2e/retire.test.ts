import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { type StackOutputs, stackOutputs } from "../../contract/outputs";
import { retireOutput } from "../../contract/retire";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { makeProject, type Project, run } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

// Runs of the engine.
vi.setConfig({ testTimeout: 300_000 });

/** A truck gets new hardware, and another one leaves, through the real command line and the real engine. */
describe("replace and retire", () => {
	let project: Project;
	let outputs: StackOutputs;
	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
		const { code, text } = await project.pulumi("up", "--yes", "--skip-preview");
		expect(code, text).toBe(0);
		await readOutputs();
	}, 300_000);
	afterAll(() => project?.close());

	const readOutputs = async () => {
		outputs = stackOutputs.parse(await project.outputs());
		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(outputs), { mode: 0o600 });
	};
	const start = (args: readonly string[], signal?: Promise<NodeJS.Signals>) => {
		const env = { ...project.env(), XDG_CACHE_HOME: join(project.dir, "cache") };
		const main = join(project.dir, "bin/cli/main.js");
		return run(process.execPath, [main, ...args, "--outputs", "outputs.json"], {
			cwd: project.dir,
			env,
			within: 280_000,
			...(signal && { signal }),
		});
	};
	const leafline = (...args: string[]) => start(args);
	/** The lock of the engine that is at work. */
	const lock = () => {
		const folder = join(project.dir, "state/.pulumi/locks");
		return readdirSync(folder, { recursive: true })
			.map((name) => join(folder, String(name)))
			.find((file) => file.endsWith(".json"));
	};
	/** Whether the engine has begun to change things. */
	const updating = async () => {
		const [held, state] = [lock(), join(project.dir, "state/.pulumi/stacks/leafline/local.json")];
		return held !== undefined && statSync(state).mtimeMs > statSync(held).mtimeMs;
	};
	/** The same, which is sent a signal in the middle of its update. */
	const leaflineUntil = (signal: NodeJS.Signals, ...args: string[]) =>
		start(
			args,
			eventually(updating, { what: "an update", within: 120_000 }).then(() => signal),
		);
	const fleet = () => readFileSync(join(project.dir, "fleet.yaml"), "utf8");
	const credentials = (device: string) =>
		readFileSync(join(project.dir, leafDir(LOCAL_ROOT, device), SERVER_FILES.credentials), "utf8");
	const knock = (creds: string) => {
		const at = { port: project.ports.leaf, ca: outputs.leafline.ca, credentials: creds, name: "old" };
		return openRawLeaf(at).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	};
	const publish = async (device: number, from: number, to: number) => {
		const servers = `127.0.0.1:${project.firstClientPort + device - 1}`;
		const local = await connect({ servers, maxReconnectAttempts: -1 });
		for (let n = from; n <= to; n++) await local.jetstream().publish("vehicle.n", String(n));
		await local.close();
	};
	/** What the hub has of a device, in its order. */
	const onHub = async (device: string) => {
		const authenticator = credsAuthenticator(Buffer.from(outputs.access?.adminCreds ?? ""));
		const admin = await connect({ servers: `127.0.0.1:${project.ports.client}`, authenticator });
		try {
			const js = admin.jetstream({ apiPrefix: ADMIN_API });
			const consumer = await js.consumers.get("hub_sensor", { filterSubjects: `${device}.>` });
			const all: string[] = [];
			if ((await consumer.info()).num_pending === 0) return all;
			for await (const message of await consumer.consume({ max_messages: 1_000 })) {
				all.push(message.string());
				if (message.info.pending === 0) break;
			}
			return all;
		} finally {
			await admin.close();
		}
	};
	const numbers = (to: number) => Array.from({ length: to }, (_, i) => String(i + 1));
	const has = (device: string, to: number) =>
		eventually(async () => (await onHub(device)).length >= to, { what: `${to} of ${device}`, within: 60_000 });

	it("shows what new hardware means, and does nothing", async () => {
		await publish(2, 1, 40);
		await has("edge2", 40);
		const { code, text } = await leafline("replace", "edge2");
		expect(code, text).toBe(0);
		expect(text).toContain("edge2  connected; nothing is known to wait on it");
		expect(text).toContain("--disk new: what it holds and the hub has not is given up");
		expect(text).toContain("nothing was done; --yes does it");
		const unsaid = await leafline("replace", "edge2", "--yes");
		expect(unsaid).toMatchObject({ code: 1 });
		expect(unsaid.text).toContain("say what becomes of what it holds: --disk new, or --disk old");
		const dry = await leafline("replace", "edge2", "--yes", "--disk", "new", "--dry-run");
		expect(dry).toMatchObject({ code: 0 });
		expect(fleet()).toBe(SMALL_FLEET);
	});

	it("locks the old hardware out, and the name goes on with a new disk from its first message", async () => {
		const before = credentials("edge2");
		const broken = join(project.dir, leafDir(LOCAL_ROOT, "edge2"));
		const [server] = readFileSync(join(broken, "daemon.record"), "utf8").split("\n");
		process.kill(Number(server), "SIGKILL");
		rmSync(join(broken, SERVER_FILES.storeDir), { recursive: true });
		const { code, text } = await leafline("replace", "edge2", "--yes", "--disk", "new");
		expect(code, text).toBe(0);
		expect(text).toContain("revoked for ever: edge2; every node of the hub says so");
		expect(text).toContain("edge2 is back in service with another key");
		expect(fleet()).toBe(SMALL_FLEET);
		await readOutputs();
		expect(outputs.signing?.generations).toEqual({ edge2: 2 });
		expect(await knock(before)).toBe("refused");
		// A device makes its streams itself as its bundle is installed; those of a local stack are made by the provider.
		const made = await project.pulumi("up", "--yes", "--skip-preview", "--refresh");
		expect(made.code, made.text).toBe(0);
		await publish(2, 41, 80);
		await has("edge2", 80);
		expect(await onHub("edge2")).toEqual(numbers(80));
	});

	it("has a device drain, and waits for one that is away", async () => {
		expect((await leafline("cut", "edge1")).code).toBe(0);
		await publish(1, 1, 30);
		const shown = await leafline("retire", "edge1");
		expect(shown.code, shown.text).toBe(0);
		expect(shown.text).toContain("edge1  not connected: it may hold more than anybody knows; 30 messages wait on it");
		expect(shown.text).toContain("fleet.yaml: devices.edge1.retired: drain");
		const interrupted = await leaflineUntil("SIGINT", "retire", "edge1", "--yes");
		expect(interrupted.code, interrupted.text).toBe(130);
		expect(interrupted.text).toContain("interrupted, with the update stopped where it was: run the same again");
		expect(lock()).toBeUndefined();
		const { code, text } = await leafline("retire", "edge1", "--yes");
		expect(code, text).toBe(2);
		expect(text).toContain("it stays until the hub has all of that");
		expect(fleet()).toContain("devices: { edge1: { retired: drain } }\n");
		const left = await leafline("retire", "edge1", "--json");
		expect(left.code).toBe(2);
		expect(retireOutput.parse(JSON.parse(left.stdout))).toMatchObject({
			device: "edge1",
			draining: true,
			waiting: 30,
			drained: false,
		});
	});

	it("takes it out when the hub has all, also when it is killed in the middle, and what the hub has stays", async () => {
		const before = credentials("edge1");
		expect((await leafline("restore", "edge1")).code).toBe(0);
		await has("edge1", 30);
		await readOutputs();
		const killed = await leaflineUntil("SIGKILL", "retire", "edge1", "--yes");
		expect(killed.code).toBe(-1);
		// The engine goes on to its end.
		await eventually(async () => lock() === undefined, { what: "the end of the update", within: 120_000 });
		const { code, text } = await leafline("retire", "edge1", "--yes");
		expect(code, text).toBe(0);
		expect(text).toContain("fleet.yaml has it no more, and the stack still does");
		expect(text).toContain("edge1 is out: the hub has everything of it");
		expect(fleet()).toBe(SMALL_FLEET.replace("[edge1, edge2]", "[edge2]"));
		expect(await knock(before)).toBe("refused");
		expect(await onHub("edge1")).toEqual(numbers(30));
		await readOutputs();
		const again = await leafline("retire", "edge1");
		expect(again).toMatchObject({ code: 1 });
		expect(again.text).toContain("the fleet has no device edge1");
	});
});
