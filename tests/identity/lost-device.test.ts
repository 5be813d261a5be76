import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceCreds } from "../../components/identity/credentials";
import { stackOutputs } from "../../contract/outputs";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { type Finished, makeProject, type Project } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";

/** Identity as the engine keeps it: what must survive, and what `retired: lost` does. */
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
	const knock = async (device: string) => {
		const { leafline, signing } = await outputs();
		if (!signing) throw new Error("the outputs hold no signing keys");
		const credentials = deviceCreds(signing, device);
		const leaf = openRawLeaf({ port: project.ports.leaf, ca: leafline.ca, credentials, name: `knock-${device}` });
		return leaf.then(
			(open) => {
				open.close();
				return "let in";
			},
			() => "refused",
		);
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

	it("lets it in again once it is found", async () => {
		project.writeFleet(SMALL_FLEET);
		ok(await project.pulumi("up", "--yes"));
		expect(await eventually(async () => (await knock("edge2")) === "let in", { what: "edge2 is let in" })).toBe(true);
	});
});
