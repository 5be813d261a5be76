import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, credsAuthenticator, headers, NatsError } from "nats";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { type StackOutputs, stackOutputs } from "../../contract/outputs";
import { sleep } from "../../system/wait";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { makeProject, type Project, run } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

// Runs of the engine.
vi.setConfig({ testTimeout: 300_000 });

const DEVICES = ["edge1", "edge2"] as const;
type Device = (typeof DEVICES)[number];

/** New keys for a whole fleet while its programs publish, through the real command line and the real engine. */
describe("rotate", () => {
	let project: Project;
	let outputs: StackOutputs;
	const old = new Map<Device, string>();
	let running = true;
	const published = new Map<Device, Promise<number>>();
	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
		await up();
		remember();
		for (const device of DEVICES) published.set(device, publish(device));
	}, 300_000);
	afterAll(async () => {
		running = false;
		await Promise.allSettled(published.values());
		await project?.close();
	});

	/** The credentials that devices have now, to be tried when they should be old. */
	const remember = () => {
		for (const device of DEVICES) {
			old.set(device, readFileSync(join(project.dir, leafDir(LOCAL_ROOT, device), SERVER_FILES.credentials), "utf8"));
		}
	};
	/** Publishes numbers until it is told to end, each until it is acknowledged, and gives how many. */
	const publish = async (device: Device) => {
		const servers = `127.0.0.1:${project.firstClientPort + DEVICES.indexOf(device)}`;
		const local = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
		let n = 0;
		const say = async () => {
			const id = headers();
			id.set("Nats-Msg-Id", String(n));
			const { error } = (await local.request("vehicle.n", String(n), { timeout: 2_000, headers: id })).json<{
				error?: object;
			}>();
			return error === undefined;
		};
		const refused = (error: unknown) => {
			if (error instanceof NatsError) return false;
			throw error;
		};
		for (; running; n++) {
			while (!(await say().catch(refused))) await sleep(20);
			await sleep(10);
		}
		await local.close();
		return n;
	};
	const readOutputs = async () => {
		outputs = stackOutputs.parse(await project.outputs());
		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(outputs), { mode: 0o600 });
	};
	const up = async () => {
		const { code, text } = await project.pulumi("up", "--yes", "--skip-preview");
		expect(code, text).toBe(0);
		await readOutputs();
		return text;
	};
	const leafline = (...args: string[]) => {
		const env = { ...project.env(), XDG_CACHE_HOME: join(project.dir, "cache") };
		const main = join(project.dir, "bin/cli/main.js");
		return run(process.execPath, [main, ...args, "--outputs", "outputs.json"], {
			cwd: project.dir,
			env,
			within: 280_000,
		});
	};
	const fleet = () => readFileSync(join(project.dir, "fleet.yaml"), "utf8");
	const knock = (device: Device, credentials = old.get(device) ?? "") => {
		const at = { port: project.ports.leaf, ca: outputs.leafline.ca, name: "knock", credentials };
		return openRawLeaf(at).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	};
	/** What the hub has of each device, in its order. */
	const onHub = async () => {
		const authenticator = credsAuthenticator(Buffer.from(outputs.access?.adminCreds ?? ""));
		const admin = await connect({ servers: `127.0.0.1:${project.ports.client}`, authenticator });
		const all: Record<Device, string[]> = { edge1: [], edge2: [] };
		try {
			const js = admin.jetstream({ apiPrefix: ADMIN_API });
			const consumer = await js.consumers.get("hub_sensor");
			const { num_pending } = await consumer.info();
			if (num_pending === 0) return all;
			for await (const message of await consumer.consume({ max_messages: 1_000 })) {
				all[message.subject.split(".")[0] as Device]?.push(message.string());
				if (message.info.pending === 0) break;
			}
			return all;
		} finally {
			await admin.close();
		}
	};

	it("shows first, and does nothing", async () => {
		expect((await leafline("rotate")).text).toBe("no device was rotated\n");
		const { code, text } = await leafline("rotate", "--all");
		expect(code, text).toBe(0);
		expect(text).toContain("fleet.yaml: rotation: 1\n2 devices will have new credentials");
		expect(fleet()).toBe(SMALL_FLEET);
	});

	it("gives all of them new keys; the old open until the new were used", async () => {
		expect((await leafline("cut", "edge2")).code).toBe(0);
		const { code, text } = await leafline("rotate", "--all", "--yes");
		expect(code, text).toBe(0);
		expect(fleet()).toBe(`${SMALL_FLEET}rotation: 1\n`);
		await readOutputs();
		expect(outputs.signing?.generations).toEqual({ edge1: 2, edge2: 2 });
		const seen = async () => /edge1: the new key was used|1 device done/.test((await leafline("rotate")).text);
		await eventually(seen, { what: "edge1 has used its new key", within: 60_000 });
		expect(await up()).toContain("edge2 has not connected with the new credentials yet: the old ones stay valid");
		const status = await leafline("rotate");
		expect(status.code, status.text).toBe(2);
		expect(status.text).toContain("1 device done: the new key was used, the old ones are revoked");
		expect(status.text).toContain("edge2: away; comes in with the credentials that it has, old or new");
		expect(await knock("edge1")).toBe("refused");
		expect(await knock("edge2")).toBe("let in");
	});

	it("waits for an update when the last one is back", async () => {
		expect((await leafline("restore", "edge2")).code).toBe(0);
		const seen = async () => (await leafline("rotate")).text.includes("edge2: the new key was used");
		await eventually(seen, { what: "edge2 has used its new key", within: 60_000 });
	});

	it("shows what another signing key would do, and refuses what cannot be", async () => {
		const file = fleet();
		const { code, text } = await leafline("rotate", "--signing-key");
		expect(code, text).toBe(0);
		expect(text).toContain("fleet.yaml: signingKey.rotation: 1\na new key signs the credentials of 2 devices");
		const end = await leafline("rotate", "--signing-key", "--end", "--yes");
		expect(end).toMatchObject({ code: 1 });
		expect(end.text).toContain("the signing key was never replaced: fleet.yaml has no signingKey.rotation");
		expect((await leafline("rotate", "--end")).text).toContain("--end goes with --signing-key or --ca");
		expect(fleet()).toBe(file);
	});

	it("ends that with the next update, which puts a new signing key beside the old one, and waits for who is away", async () => {
		const older = new Map(old);
		remember();
		expect((await leafline("cut", "edge2")).code).toBe(0);
		const { code, text } = await leafline("rotate", "--signing-key", "--yes");
		expect(code, text).toBe(0);
		await readOutputs();
		expect(fleet()).toContain("signingKey: { rotation: 1 }\n");
		for (const device of DEVICES) expect(await knock(device, older.get(device))).toBe("refused");
		expect((await leafline("rotate")).text).toContain("2 devices done: the new key was used, the old ones are revoked");
		const waitsForOne = async () => {
			const { text } = await leafline("rotate");
			return /signing key: edge2 not seen with the newest, and away/.test(text) && !/signing key: edge1/.test(text);
		};
		await eventually(waitsForOne, { what: "edge1 came in with the new", within: 60_000 });
		expect(await up()).toContain("edge2 has not connected with credentials that the new signing key signed yet");
		// Not edge1, which counts by the credentials that somebody came in with last.
		expect(await knock("edge2")).toBe("let in");
		const end = await leafline("rotate", "--signing-key", "--end");
		expect(end.text).toContain("would be locked out until they have new credentials: edge2\n");
	});

	it("puts another authority beside the old one, which does not sign before the last device has it", async () => {
		const { code, text } = await leafline("rotate", "--ca", "--yes");
		expect(code, text).toBe(0);
		expect(text).toContain("fleet.yaml: authority: rotation 1, stage beside\n");
		await readOutputs();
		expect(outputs.leafline.ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
		const onlyOne = async () => (await leafline("rotate", "--ca")).text.includes("new authority: edge2\n");
		await eventually(onlyOne, { what: "edge1 has the new authority", within: 60_000 });
		const early = await leafline("rotate", "--ca", "--yes");
		expect(early.code).toBe(2);
		expect(early.text).toContain("nothing was done; those would be locked out");
		expect(fleet()).toContain("authority: { rotation: 1, stage: beside }\n");
	});

	it("ends the old signing key, and has the new authority sign, when the last device came in with the new", async () => {
		expect((await leafline("restore", "edge2")).code).toBe(0);
		const seen = async () => (await leafline("rotate")).text.includes("every device came in with the newest");
		await eventually(seen, { what: "edge2 came in with the new", within: 60_000 });
		const { code, text } = await leafline("rotate", "--ca", "--yes");
		expect(code, text).toBe(0);
		expect(text).toContain("every node shows a certificate that the new authority signed");
		expect((await leafline("rotate")).text).not.toContain("signing key:");
		for (const device of DEVICES) expect(await knock(device)).toBe("refused");
		expect((await leafline("cut", "edge1")).code).toBe(0);
		expect((await leafline("restore", "edge1")).code).toBe(0);
		const gone = await leafline("rotate", "--ca", "--yes");
		expect(gone.code, gone.text).toBe(0);
		await readOutputs();
		expect(outputs.leafline.ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
		expect(await leafline("rotate")).toMatchObject({ code: 0 });
	});

	it("has lost, doubled and reordered nothing meanwhile", async () => {
		running = false;
		for (const device of DEVICES) {
			const count = (await published.get(device)) ?? 0;
			expect(count).toBeGreaterThan(10);
			const has = async () => (await onHub())[device].length >= count;
			await eventually(has, { what: `all ${count} of ${device}`, within: 60_000 });
			expect((await onHub())[device]).toEqual(Array.from({ length: count }, (_, i) => String(i)));
		}
		const { code, text } = await project.pulumi("preview", "--expect-no-changes");
		expect(code, text).toBe(0);
	});
});
