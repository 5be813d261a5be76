import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { type StackOutputs, stackOutputs } from "../../contract/outputs";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { makeProject, type Project, run } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

// Runs of the engine.
vi.setConfig({ testTimeout: 300_000 });

const FLEET = `# the fleet\n${SMALL_FLEET}# bye\n`;
const LOST = `${FLEET.replace("# bye\n", "")}devices: { edge2: { retired: lost } }\n# bye\n`;

/** A stolen truck, through the real command line and the real engine. */
describe("revoke, and enrolled again", () => {
	let project: Project;
	let outputs: StackOutputs;
	let stolen: string;
	beforeAll(async () => {
		// As where data counts: what a device holds stays when it is lost.
		project = await makeProject(FLEET, { allowDataLoss: false });
		await up();
		stolen = readFileSync(join(project.dir, leafDir(LOCAL_ROOT, "edge2"), SERVER_FILES.credentials), "utf8");
	}, 300_000);
	afterAll(() => project?.close());

	const up = async () => {
		const { code, text } = await project.pulumi("up", "--yes", "--skip-preview");
		expect(code, text).toBe(0);
		outputs = stackOutputs.parse(await project.outputs());
		writeFileSync(join(project.dir, "outputs.json"), JSON.stringify(outputs), { mode: 0o600 });
	};
	const leafline = (...args: string[]) => {
		const env = { ...project.env(), XDG_CACHE_HOME: join(project.dir, "cache") };
		const main = join(project.dir, "bin/cli/main.js");
		return run(process.execPath, [main, ...args, "--outputs", "outputs.json"], { cwd: project.dir, env });
	};
	const fleet = () => readFileSync(join(project.dir, "fleet.yaml"), "utf8");
	const asAdmin = async <T>(ask: (admin: NatsConnection) => Promise<T>): Promise<T> => {
		const authenticator = credsAuthenticator(Buffer.from(outputs.access?.adminCreds ?? ""));
		const admin = await connect({ servers: `127.0.0.1:${project.ports.client}`, authenticator });
		return ask(admin).finally(() => admin.close());
	};
	/** What the hub has of a device, in its order. */
	const onHub = (device: string) =>
		asAdmin(async (admin) => {
			const api = (call: string, body: object) => admin.request(`${ADMIN_API}.${call}`, JSON.stringify(body));
			const state = (await api("STREAM.INFO.hub_sensor", {})).json<{ state: { last_seq: number } }>().state;
			const all: string[] = [];
			for (let seq = 1; seq <= state.last_seq; seq++) {
				const { message } = (await api("STREAM.MSG.GET.hub_sensor", { seq })).json<{
					message?: { subject: string; data: string };
				}>();
				if (message?.subject.startsWith(`${device}.`)) all.push(Buffer.from(message.data, "base64").toString());
			}
			return all;
		});
	const publish = async (from: number, to: number) => {
		const local = await connect({ servers: `127.0.0.1:${project.firstClientPort + 1}`, maxReconnectAttempts: -1 });
		for (let n = from; n <= to; n++) await local.jetstream().publish("vehicle.n", String(n));
		await local.close();
	};
	const numbers = (to: number) => Array.from({ length: to }, (_, i) => String(i + 1));
	const knock = () =>
		openRawLeaf({ port: project.ports.leaf, ca: outputs.leafline.ca, credentials: stolen, name: "thief" }).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	const linked = async () => {
		const answer = await fetch(`http://127.0.0.1:${project.ports.monitor}/leafz`);
		return ((await answer.json()) as { leafs: { name: string }[] }).leafs.map(({ name }) => name);
	};

	it("shows first, and does nothing", async () => {
		await publish(1, 40);
		await eventually(async () => (await onHub("edge2")).length === 40, { what: "40 at the hub", within: 30_000 });
		const { code, text } = await leafline("revoke", "edge2", "edge1");
		expect(code, text).toBe(0);
		expect(text).toContain("edge1  connected; its credentials will never open again");
		expect(text).toContain("nothing was done; --yes writes retired: lost into fleet.yaml and revokes 2 devices");
		expect(fleet()).toBe(FLEET);
		expect(await knock()).toBe("let in");
	});

	it.each([
		[["edge9"], "the fleet has no device edge9; it has edge1, edge2"],
		[["edge2", "--stack", "prod"], "stack prod has no settings in"],
	])("refuses what it cannot do: %s", async (args, message) => {
		const { code, text } = await leafline("revoke", ...args, "--yes");
		expect(code).toBe(1);
		expect(text).toContain(message);
		expect(fleet()).toBe(FLEET);
	});

	it("throws the device out at once, also whoever has its credentials, and leaves the others and all data", async () => {
		expect((await leafline("cut", "edge2")).code).toBe(0);
		await publish(41, 80);
		const before = await onHub("edge2");
		const thief = await openRawLeaf({
			port: project.ports.leaf,
			ca: outputs.leafline.ca,
			credentials: stolen,
			name: "thief",
		});
		const { code, text } = await leafline("revoke", "edge2", "--yes");
		expect(code, text).toBe(0);
		expect(text).toMatch(
			/revoked for ever: edge2; every node of the hub says so and has no link of it, \d+\.\d s after/,
		);
		expect(fleet()).toBe(LOST);
		thief.close();
		expect(await knock()).toBe("refused");
		expect((await leafline("restore", "edge2")).code).toBe(0);
		expect(await linked()).toEqual(["edge1"]);
		expect(await onHub("edge2")).toEqual(before);
		await up();
		expect(await onHub("edge2")).toEqual(before);
		const again = await leafline("revoke", "edge2");
		expect(again.text).toContain("edge2  not connected; the fleet file calls it lost already");
	});

	it("goes on where it was when it is enrolled again, with new credentials", async () => {
		project.writeFleet(FLEET);
		await up();
		await eventually(async () => (await onHub("edge2")).length >= 80, { what: "what it held", within: 90_000 });
		await publish(81, 120);
		await eventually(async () => (await onHub("edge2")).length >= 120, { what: "what is new", within: 60_000 });
		expect(await onHub("edge2")).toEqual(numbers(120));
		expect(await knock()).toBe("refused");
	});

	it("is not done to a device that leaves with what the hub has not got; the others' update is, and it comes back", async () => {
		const own = readFileSync(join(project.dir, ".leafline/local/edge2/leaf.creds"), "utf8");
		const getIn = async () => {
			const at = { port: project.ports.leaf, ca: outputs.leafline.ca, credentials: own, name: "itself" };
			const leaf = await openRawLeaf(at).catch(() => undefined);
			leaf?.close();
			return leaf !== undefined;
		};
		expect((await leafline("cut", "edge2")).code).toBe(0);
		await publish(121, 160);
		project.writeFleet(FLEET.replace("[edge1, edge2]", "[edge1]").replace("keep: 1d", "keep: 2d"));
		const refused = await project.pulumi("up", "--yes");
		expect(refused.code, refused.text).not.toBe(0);
		expect(refused.text).toMatch(/1 device is not let go, the others are; the update fails when they are done/);
		expect(refused.text).toMatch(
			/1 device failed, all others are done:\s+edge2: hub_\w+: the device of edge2_\w+ does not answer/,
		);
		expect(refused.text).toMatch(/Stream hub_sensor updated/);
		expect(await getIn()).toBe(true);

		project.writeFleet(FLEET);
		await up();
		await eventually(async () => (await onHub("edge2")).length >= 160, { what: "what it held", within: 90_000 });
		expect(await onHub("edge2")).toEqual(numbers(160));
	});

	it("says so when the update fails, and leaves the fleet file as the next update needs it", async () => {
		const main = join(project.dir, "bin/cli/main.js");
		const env = { ...project.env(), PULUMI_CONFIG_PASSPHRASE: "wrong" };
		const args = [main, "revoke", "edge2", "--yes", "--outputs", "outputs.json"];
		const { code, text } = await run(process.execPath, args, { cwd: project.dir, env });
		expect(code, text).toBe(1);
		expect(text).toContain("the update failed: the passphrase does not open the stack's secrets");
		expect(text).toContain("not every node of the hub revokes edge2: run the same again");
		expect(fleet()).toBe(LOST);
	});
});
