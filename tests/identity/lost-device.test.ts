import { writeFileSync } from "node:fs";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { deviceCreds } from "../../components/identity/credentials";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { stackOutputs } from "../../contract/outputs";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { type Finished, makeProject, type Project } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

// Several runs of the engine in most of them.
vi.setConfig({ testTimeout: 300_000 });

/** Identity as the engine keeps it: what must survive, and who is revoked. */
describe("the identity of a stack, through the real engine", () => {
	let project: Project;
	beforeAll(async () => {
		project = await makeProject(SMALL_FLEET);
		ok(await project.pulumi("up", "--yes"));
	});
	afterAll(() => project?.close());

	const ok = (result: Finished) => {
		expect(result.code, result.text).toBe(0);
		return result.text;
	};
	const outputs = async () => stackOutputs.parse(await project.outputs());
	/** Whether the hub lets in somebody with the credentials of a device, made from the stack's outputs. */
	const knock = async (device: string, generation?: number) => {
		const { leafline, signing } = await outputs();
		if (!signing) throw new Error("the outputs hold no signing keys");
		const credentials = deviceCreds(
			{ ...signing, ...(generation && { generations: { [device]: generation } }) },
			device,
		);
		const leaf = openRawLeaf({ port: project.ports.leaf, ca: leafline.ca, credentials, name: `knock-${device}` });
		return leaf.then(
			(open) => {
				open.close();
				return "let in";
			},
			() => "refused",
		);
	};
	/** Names of the leaves that the hub has now. */
	const leaves = async () => {
		const answer = await fetch(`http://127.0.0.1:${project.ports.monitor}/leafz`);
		return ((await answer.json()) as { leafs: { name: string }[] }).leafs.map(({ name }) => name);
	};
	/** When the hub's accounts were signed that it has now. */
	const pushedAt = async () => {
		const { signing } = await outputs();
		const answer = await fetch(`http://127.0.0.1:${project.ports.monitor}/accountz?acc=${signing?.devicesAccount}`);
		const { account_detail } = (await answer.json()) as { account_detail: { decoded_jwt: { iat: number } } };
		return account_detail.decoded_jwt.iat;
	};

	it("gives tools what they need to make a device's credentials", async () => {
		expect(await knock("edge1")).toBe("let in");
		expect(await knock("edge2")).toBe("let in");
	});

	it("survives a refresh, and an update after it", async () => {
		const before = await outputs();
		ok(await project.pulumi("refresh", "--yes"));
		ok(await project.pulumi("up", "--yes", "--expect-no-changes"));
		const after = await outputs();
		expect(after.signing).toEqual(before.signing);
		expect(after.access).toEqual(before.access);
		expect(after.leafline.ca).toBe(before.leafline.ca);
	});

	it("lets no lost device in, and the others still", async () => {
		project.writeFleet(`${SMALL_FLEET}devices:\n  edge2: { retired: lost }\n`);
		const text = ok(await project.pulumi("up", "--yes"));
		expect(text).toMatch(/Accounts/);
		expect(await knock("edge2")).toBe("refused");
		expect(await knock("edge1")).toBe("let in");
		const device = await connect({ servers: `127.0.0.1:${project.firstClientPort}` });
		await eventually(() => device.jetstream().publish("vehicle.speed", "1"), { what: "edge1 goes on" });
		await device.close();
	});

	it("gives it new credentials once it is found, says so in preview, and never lets in the old ones", async () => {
		project.writeFleet(SMALL_FLEET);
		const before = await outputs();
		const text = ok(await project.pulumi("preview", "--diff"));
		expect(text).toContain(
			"device edge2 was revoked and comes back: it needs its new credentials, the old stay revoked",
		);
		expect(text).not.toMatch(/Accounts|Revocations/);
		const up = ok(await project.pulumi("up", "--yes"));
		expect(up).toContain("device edge2 was revoked and comes back");
		expect((await outputs()).signing).toEqual({ ...before.signing, generations: { edge2: 2 } });
		await eventually(async () => (await knock("edge2")) === "let in", { what: "edge2 is let in with new credentials" });
		expect(await knock("edge2", 1)).toBe("refused");
		expect(await leaves()).toContain("edge2");
	});

	let whileThere: string;
	it("revokes a device that leaves, when its streams have let go", async () => {
		whileThere = (await project.pulumi("stack", "export")).stdout;
		project.writeFleet(SMALL_FLEET.replace("[edge1, edge2]", "[edge1]"));
		expect(ok(await project.pulumi("preview"))).toContain("device edge2 left the fleet: the credentials are revoked");
		ok(await project.pulumi("up", "--yes"));
		for (const generation of [1, 2]) expect(await knock("edge2", generation)).toBe("refused");
		expect(await knock("edge1")).toBe("let in");
		ok(await project.pulumi("refresh", "--yes"));
		ok(await project.pulumi("up", "--yes", "--expect-no-changes"));
	});

	it("pushes nothing for a new device, nor for one that comes back", async () => {
		const before = await pushedAt();
		project.writeFleet(SMALL_FLEET.replace("[edge1, edge2]", "[edge1, edge2, edge3]"));
		ok(await project.pulumi("up", "--yes"));
		expect(await pushedAt()).toEqual(before);
		expect((await outputs()).signing?.generations).toEqual({ edge2: 3 });
		for (const device of ["edge1", "edge2", "edge3"]) expect(await knock(device)).toBe("let in");
	});

	it("refuses a key that a device made itself and that was revoked, before anything is done", async () => {
		const own = publicKey(createSeed("U"));
		const fleet = (line: string) => `${SMALL_FLEET.replace("[edge1, edge2]", "[edge1, edge2, edge3]")}${line}`;
		project.writeFleet(fleet(`devices:\n  edge3: { retired: lost, publicKey: ${own} }\n`));
		ok(await project.pulumi("up", "--yes"));
		project.writeFleet(fleet(`devices:\n  edge3: { publicKey: ${own} }\n`));
		for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
			const { code, text } = await project.pulumi(...command);
			expect(code).not.toBe(0);
			expect(text).toContain(
				`devices.edge3.publicKey: ${own} is revoked for ever: edge3 had it and was lost, left the fleet or got another ` +
					"key; make a new key on the device and write its public key here",
			);
		}
		expect(await knock("edge1")).toBe("let in");
	});

	it("keeps what the hub revokes when the state is an older one, and says whom that concerns", async () => {
		writeFileSync(`${project.dir}/older.json`, whileThere);
		ok(await project.pulumi("stack", "import", "--force", "--file", "older.json"));
		project.writeFleet(SMALL_FLEET);
		ok(await project.pulumi("refresh", "--yes"));
		const text = ok(await project.pulumi("up", "--yes"));
		expect(text).toContain("the hub revoked the key of edge2, and this state does not know it");
		expect((await outputs()).signing?.generations).toEqual({ edge2: 2 });
		for (const generation of [1, 2]) expect(await knock("edge2", generation)).toBe("refused");
		expect(await knock("edge1")).toBe("let in");
	});
});
