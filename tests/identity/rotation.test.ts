import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceCreds, devicePublicKey } from "../../components/identity/credentials";
import { revocations } from "../../components/identity/handlers/revocations";
import { deviceSigning } from "../../components/identity/keys";
import { usedKeys } from "../../components/identity/logins";
import { publicKey } from "../../components/identity/nkey";
import type { Props } from "../../components/streams/provider/handler";
import { journalStream } from "../../topology/journal";
import { type Bench, type Edge, startBench } from "../support/bench";
import { benchTopology } from "../support/bench-fleet";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

/** New keys for devices, one of which is away all the while, at a running hub. */
describe("a rotation of devices' keys", () => {
	let bench: Bench;
	let edge1: Edge;
	let edge2: Edge;
	let state: Props;
	beforeAll(async () => {
		bench = await startBench();
		const journal = journalStream(benchTopology(1).settings);
		await bench.api("hub", `STREAM.CREATE.${journal.name}`, journal);
		[edge1, edge2] = [await bench.startEdge("edge1"), await bench.startEdge("edge2")];
	});
	afterAll(() => bench?.close());

	const signing = (device: string, generation: number) => deviceSigning(bench.keys, { [device]: generation });
	const key = (device: string, generation: number) => devicePublicKey(signing(device, generation), device);
	const creds = (device: string, generation: number) => deviceCreds(signing(device, generation), device);
	const account = () => publicKey(bench.keys.devices);
	const used = () => usedKeys(bench.control.hub, account());
	const inputs = (): Props => ({
		connection: bench.connection,
		operator: bench.keys.operator,
		revoked: { [account()]: [], [publicKey(bench.keys.hub)]: [] },
		rotated: { edge1: [key("edge1", 1), key("edge1", 2)], edge2: [key("edge2", 1), key("edge2", 2)] },
		devicesAccount: account(),
		servers: 1,
		generation: "",
	});
	const knock = (device: string, generation: number) => {
		const credentials = creds(device, generation);
		const at = { port: bench.hubs[0]?.ports.leaf ?? 0, ca: bench.ca, credentials, name: `knock-${device}` };
		return openRawLeaf(at).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	};
	const give = (device: string, generation: number) => {
		writeFileSync(bench.path(`${device}.creds`), creds(device, generation), { mode: 0o600 });
	};
	const isUsed = (device: string, generation: number) =>
		eventually(async () => (await used()).has(key(device, generation)), { what: `${device} has key ${generation}` });

	it("revokes nobody as long as the new key was not seen", async () => {
		await isUsed("edge1", 1);
		await isUsed("edge2", 1);
		await edge2.server.kill();
		const { outs } = await revocations.create(inputs());
		state = outs;
		expect(state.waiting).toEqual(["edge1", "edge2"]);
		expect(await knock("edge1", 1)).toBe("let in");
		expect(await revocations.diff("revocations", state, inputs())).toEqual({ changes: true });
		const ignoring = { ...inputs(), ignorePending: true };
		expect(await revocations.diff("revocations", { ...state, ignorePending: true }, ignoring)).toEqual({
			changes: false,
		});
	});

	it("is not taken from a file with other content before the device connects anew, whatever it reloads", async () => {
		give("edge1", 2);
		process.kill(edge1.server.pid() ?? 0, "SIGHUP");
		await eventually(() => /Reloaded server configuration/.test(edge1.server.log()), { what: "edge1 reloaded" });
		expect((await used()).has(key("edge1", 2))).toBe(false);
		state = (await revocations.update("revocations", state, inputs())).outs;
		expect(state.waiting).toEqual(["edge1", "edge2"]);
		expect(await bench.api("edge1", "INFO")).toHaveProperty("streams");
	});

	it("revokes the old key of a device that was seen with the new one, and no other", async () => {
		await edge1.server.kill();
		await edge1.server.start();
		await isUsed("edge1", 2);
		state = (await revocations.update("revocations", state, inputs())).outs;
		expect(state.waiting).toEqual(["edge2"]);
		expect(await knock("edge1", 1)).toBe("refused");
		await eventually(() => bench.api("edge1", "INFO"), { what: "edge1 is still there" });
		expect(await knock("edge2", 1)).toBe("let in");
	});

	it("locks no device out that was away through all of it", async () => {
		await edge2.server.start();
		await eventually(() => bench.api("edge2", "INFO"), { what: "edge2 is back with its old key" });
		state = (await revocations.update("revocations", state, inputs())).outs;
		expect(state.waiting).toEqual(["edge2"]);
		give("edge2", 2);
		await edge2.server.kill();
		await edge2.server.start();
		await isUsed("edge2", 2);
		state = (await revocations.update("revocations", state, inputs())).outs;
		expect(state.waiting).toBeUndefined();
		expect(await knock("edge2", 1)).toBe("refused");
		expect(await revocations.diff("revocations", state, inputs())).toEqual({ changes: false });
		const { props, inputs: read } = await revocations.read("revocations", state);
		expect(props).toEqual(state);
		expect(read).toEqual(inputs());
	});
});
