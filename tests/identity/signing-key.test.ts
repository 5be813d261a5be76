import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AccountRules, accountClaims } from "../../components/identity/accounts";
import { deviceCreds } from "../../components/identity/credentials";
import { accounts } from "../../components/identity/handlers/accounts";
import { accountOf } from "../../components/identity/jwt";
import { accountSeeds, deviceSigning, signers } from "../../components/identity/keys";
import { logins } from "../../components/identity/logins";
import { publicKey } from "../../components/identity/nkey";
import { heldAccounts } from "../../components/identity/push";
import { signersIn } from "../../components/identity/signers";
import type { Props } from "../../components/streams/provider/handler";
import { journalStream } from "../../topology/journal";
import { deviceRole } from "../../topology/permissions";
import { type Bench, type Edge, startBench } from "../support/bench";
import { benchTopology } from "../support/bench-fleet";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

const DEVICES = ["edge1", "edge2"];

/** A new key beside the account's old one at a running hub, one device being away all the while. */
describe("a rotation of the account's signing key", () => {
	let bench: Bench;
	let edge1: Edge;
	let edge2: Edge;
	let state: Props;
	beforeAll(async () => {
		bench = await startBench();
		const journal = journalStream(benchTopology(1).settings);
		await bench.api("hub", `STREAM.CREATE.${journal.name}`, journal);
		[edge1, edge2] = [await bench.startEdge("edge1"), await bench.startEdge("edge2")];
		state = (await accounts.create(inputs(0))).outs;
	});
	afterAll(() => bench?.close());

	const inputs = (rotation: number, end = 0): Props => {
		const rules: AccountRules = { role: deviceRole([]), ...(rotation > 0 && { signing: { rotation } }) };
		return {
			connection: bench.connection,
			keys: accountSeeds(bench.keys),
			claims: accountClaims(bench.keys, rules),
			...(rotation > 0 && { signers: { devices: DEVICES, ...(end > 0 && { end }) } }),
			servers: 1,
			generation: "",
		};
	};
	const key = (generation: number) => signers(bench.keys, { rotation: 9 })[generation - 1];
	const creds = (device: string, rotation: number) =>
		deviceCreds(deviceSigning(bench.keys, {}, rotation > 0 ? { rotation } : undefined), device);
	const valid = async () => {
		const held = await heldAccounts(bench.control.system, publicKey(bench.keys.devices), 1);
		return held.flatMap((jwt) => signersIn(accountOf(jwt).claims));
	};
	const knock = (device: string, rotation: number) => {
		const credentials = creds(device, rotation);
		const at = { port: bench.hubs[0]?.ports.leaf ?? 0, ca: bench.ca, credentials, name: `knock-${device}` };
		return openRawLeaf(at).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	};
	const give = async (device: string, edge: Edge, rotation: number) => {
		writeFileSync(bench.path(`${device}.creds`), creds(device, rotation), { mode: 0o600 });
		await edge.server.kill();
		await edge.server.start();
		const seen = async () => {
			const all = await logins(bench.control.hub, publicKey(bench.keys.devices));
			return all.findLast(({ name }) => name === device)?.issuer === key(rotation + 1);
		};
		await eventually(seen, { what: `${device} came in with key ${rotation + 1}` });
	};
	const update = async (wanted: Props) => {
		expect(await accounts.diff("accounts", state, wanted)).toEqual({ changes: true });
		state = (await accounts.update("accounts", state, wanted)).outs;
	};
	const links = () => (edge1.server.log().match(/Leafnode connection created/g) ?? []).length;

	it("puts the new one beside the old one, and closes no link", async () => {
		const before = links();
		await edge2.server.kill();
		await update(inputs(1));
		expect(await valid()).toEqual([key(1), key(2)]);
		expect(state.waiting).toEqual(DEVICES);
		expect(await knock("edge1", 0)).toBe("let in");
		expect(await knock("edge1", 1)).toBe("let in");
		expect(await bench.api("edge1", "INFO")).toHaveProperty("streams");
		expect(links()).toBe(before);
	});

	it("waits for the device that is away, also when all others came in with the new", async () => {
		await give("edge1", edge1, 1);
		await update(inputs(1));
		expect(state.waiting).toEqual(["edge2"]);
		expect(state.seen).toMatchObject({ edge1: 2 });
		expect(await knock("edge2", 0)).toBe("let in");
		const drift = { ...inputs(1), ignorePending: true };
		expect(await accounts.diff("accounts", { ...state, ignorePending: true }, drift)).toEqual({ changes: false });
	});

	it("counts a device by what it came in with last", async () => {
		await give("edge1", edge1, 0);
		await update(inputs(1));
		expect(state.waiting).toEqual(DEVICES);
		await give("edge1", edge1, 1);
	});

	it("lets the old one go when the last one was seen, and closes no link by it", async () => {
		await edge2.server.start();
		await eventually(() => bench.api("edge2", "INFO"), { what: "edge2 is back with its old credentials" });
		await update(inputs(1));
		expect(state.waiting).toEqual(["edge2"]);
		await give("edge2", edge2, 1);
		const before = links();
		await update(inputs(1));
		expect(state.waiting).toBeUndefined();
		expect(await valid()).toEqual([key(2)]);
		expect(await knock("edge1", 0)).toBe("refused");
		expect(await knock("edge1", 1)).toBe("let in");
		for (const device of DEVICES) expect(await bench.api(device, "INFO")).toHaveProperty("streams");
		expect(links()).toBe(before);
		expect(await accounts.diff("accounts", state, inputs(1))).toEqual({ changes: false });
		const { props, inputs: read } = await accounts.read("accounts", state);
		expect(props).toEqual(state);
		expect(read).toEqual(inputs(1));
	});

	it("brings an old one back by no push, also from a state that has forgotten it", async () => {
		const { outs } = await accounts.update("accounts", { ...state, ended: [], claims: {} }, inputs(1));
		expect(await valid()).toEqual([key(2)]);
		state = (await accounts.create(inputs(1))).outs;
		expect(await valid()).toEqual([key(2)]);
		expect(outs.ended).toEqual([key(1)]);
	});

	it("ends the old one by decision, and shuts out who has not the new", async () => {
		await update(inputs(2));
		expect(await valid()).toEqual([key(2), key(3)]);
		await give("edge1", edge1, 2);
		await update(inputs(2, 2));
		expect(state.waiting).toBeUndefined();
		expect(await valid()).toEqual([key(3)]);
		expect(await knock("edge2", 1)).toBe("refused");
		expect(await bench.api("edge1", "INFO")).toHaveProperty("streams");
		await give("edge2", edge2, 2);
		await eventually(() => bench.api("edge2", "INFO"), { what: "edge2 is back" });
	});

	it("has nothing that the fleet's secret tells", () => {
		const others = { ...bench.keys, operator: accountSeeds(bench.keys).admin };
		expect(signers(others, { rotation: 1 })[1]).not.toBe(key(2));
		expect(signers(others, { rotation: 1 })[0]).toBe(key(1));
	});
});
