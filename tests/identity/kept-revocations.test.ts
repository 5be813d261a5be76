import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountClaims, accountJwts } from "../../components/identity/accounts";
import { devicePublicKey } from "../../components/identity/credentials";
import { accounts } from "../../components/identity/handlers/accounts";
import { revocations } from "../../components/identity/handlers/revocations";
import { accountSeeds, deviceSigning } from "../../components/identity/keys";
import { encodeSeed, publicKey } from "../../components/identity/nkey";
import { lookUpAccount, pushAccount } from "../../components/identity/push";
import { revocationsOf } from "../../components/identity/revocations";
import { type Props, UNKNOWN } from "../../components/streams/provider/handler";
import { MAX_PAYLOAD } from "../../config/limits";
import { journalStream } from "../../topology/journal";
import { deviceRole } from "../../topology/permissions";
import { MOST_REVOKED } from "../../topology/roll-checks";
import { type Bench, startBench } from "../support/bench";
import { benchTopology } from "../support/bench-fleet";
import { eventually } from "../support/eventually";
import { openRawLeaf } from "../support/raw-leaf";

/** Who is revoked at a running hub, whatever states and operators it meets. */
describe("what the hub revokes", () => {
	let bench: Bench;
	let clock = 0;
	beforeAll(async () => {
		bench = await startBench();
	});
	afterAll(() => bench?.close());

	const user = (device: string) => devicePublicKey(deviceSigning(bench.keys), device);
	const devices = () => publicKey(bench.keys.devices);
	const held = async () => (await lookUpAccount(bench.control.system, devices(), 1)) ?? "";
	const revoked = async () => Object.keys(revocationsOf(await held()));
	const knock = (device: string) =>
		openRawLeaf({
			port: bench.hubs[0]?.ports.leaf ?? 0,
			ca: bench.ca,
			credentials: bench.credentials(device),
			name: `knock-${device}`,
		}).then(
			(leaf) => {
				leaf.close();
				return "let in";
			},
			() => "refused",
		);
	/** A push by somebody who knows nothing of this state: an older program, another operator, a restored state. */
	const pushElsewhere = async (...names: string[]) => {
		const claims = accountClaims(bench.keys, { role: deviceRole([]), revoked: names.map(user) });
		clock += 60;
		const issuedAt = Math.floor(Date.now() / 1000) + clock;
		await pushAccount(bench.control.system, accountJwts(accountSeeds(bench.keys), claims, issuedAt).devices, 1);
	};
	const accountsInputs = (...names: string[]): Props => {
		return {
			connection: bench.connection,
			keys: accountSeeds(bench.keys),
			claims: accountClaims(bench.keys, { role: deviceRole([]), revoked: names.map(user) }),
			revoked: { devices: [], releases: [], hub: [], readers: [], admin: [] },
			servers: 1,
			generation: "",
		};
	};
	const revocationsInputs = (...names: string[]): Props => ({
		connection: bench.connection,
		operator: bench.keys.operator,
		revoked: { [devices()]: names.map(user).sort(), [publicKey(bench.keys.hub)]: [] },
		servers: 1,
		generation: "",
	});

	it("is kept by a push of a state that knows nothing of it", async () => {
		await pushElsewhere("edge1");
		const { outs } = await accounts.create(accountsInputs("edge2"));
		expect(await revoked()).toEqual([user("edge1"), user("edge2")].sort());
		expect(await knock("edge1")).toBe("refused");
		// Read back, it is more than the state asked for, and that is no change.
		expect(await accounts.read("accounts", outs)).toEqual({
			id: "accounts",
			props: outs,
			inputs: accountsInputs("edge2"),
		});
		expect(await accounts.diff("accounts", outs, accountsInputs("edge2"))).toEqual({ changes: false });
		expect(await accounts.diff("accounts", outs, accountsInputs())).toEqual({ changes: false });
		expect(await accounts.diff("accounts", outs, accountsInputs("edge3"))).toEqual({ changes: true });
	});

	it("is kept also when somebody else took it back meanwhile", async () => {
		const { outs } = await accounts.create(accountsInputs("edge2"));
		await pushElsewhere();
		expect(await knock("edge1")).toBe("let in");
		const found = await accounts.read("accounts", outs);
		expect(found.inputs).toMatchObject({ claims: {} });
		await accounts.update("accounts", found.props, accountsInputs("edge2"));
		for (const device of ["edge1", "edge2"]) expect(await knock(device)).toBe("refused");
	});

	it("is whoever left the fleet as well, and each push of the accounts keeps them", async () => {
		const pushed = (await accounts.create(accountsInputs())).outs;
		const { outs } = await revocations.create(revocationsInputs("edge3"));
		expect(await knock("edge3")).toBe("refused");
		expect(await knock("edge9")).toBe("let in");
		expect(await accounts.read("accounts", pushed)).toMatchObject({ props: pushed });
		const wider = { ...accountsInputs(), claims: accountClaims(bench.keys, { role: deviceRole(["hub_commands"]) }) };
		await accounts.update("accounts", pushed, wider);
		expect(await revoked()).toContain(user("edge3"));
		expect(outs.found).toMatchObject({ [devices()]: { [user("edge2")]: expect.any(Number) } });
		expect(await revocations.read("revocations", outs)).toMatchObject({
			props: outs,
			inputs: revocationsInputs("edge3"),
		});
	});

	it("is pushed again when a refresh finds that it was taken back, others' too", async () => {
		const { outs } = await revocations.create(revocationsInputs("edge3"));
		await pushElsewhere();
		const { props, inputs } = await revocations.read("revocations", outs);
		expect(inputs).toMatchObject({ revoked: { [devices()]: [] } });
		expect(await revocations.diff("revocations", props, revocationsInputs("edge3"))).toEqual({ changes: true });
		await revocations.update("revocations", props, revocationsInputs("edge3"));
		expect(await revoked()).toEqual([user("edge2"), user("edge3"), user("edge1")].sort());
	});

	it("is not pushed when all of it is there", async () => {
		const { outs } = await revocations.create(revocationsInputs("edge3"));
		const before = await held();
		await revocations.update("revocations", outs, { ...revocationsInputs("edge2", "edge3"), generation: "2" });
		expect(await held()).toBe(before);
		const again = revocationsInputs("edge3");
		expect(await revocations.diff("revocations", outs, again)).toEqual({ changes: false });
		for (const news of [revocationsInputs("edge4"), { ...again, servers: 3 }, { ...again, connection: UNKNOWN }]) {
			expect(await revocations.diff("revocations", outs, news)).toEqual({ changes: true });
		}
	});

	it("is not a device that left while the hub had not all of it, until it has, or the device has used another key", async () => {
		const key = user("edge7");
		const left = { devicesAccount: devices(), left: { edge7: [key] } };
		const all = { ...revocationsInputs("edge3", "edge7"), ...left };
		const held = { ...all, held: { edge7: "hub_can: edge7_can holds 3 messages" } };
		const { outs } = await revocations.create(held);
		expect(outs).toMatchObject({ kept: [key], revoked: { [devices()]: [user("edge3")] } });
		expect(await knock("edge7")).toBe("let in");
		expect(await knock("edge3")).toBe("refused");
		// Looked at again by each update; for drift checks it is none. A preview knows nobody who is held.
		for (const news of [held, all, { ...all, held: UNKNOWN }]) {
			expect(await revocations.diff("revocations", outs, news)).toEqual({ changes: true });
			expect(await revocations.diff("revocations", outs, { ...news, ignorePending: true })).toEqual({ changes: false });
		}
		const read = await revocations.read("revocations", outs);
		expect(read.props).toEqual(outs);

		// Back in the fleet it has another key, and has not used it: who used which one is in the journal.
		await bench.api("hub", "STREAM.CREATE.leafline_journal", journalStream(benchTopology(1).settings));
		const other = user("edge8");
		const back = { ...all, rotated: { edge7: [key, other] } };
		const waits = (await revocations.update("revocations", outs, back)).outs;
		expect(waits).toMatchObject({ kept: [key], waiting: ["edge7"] });
		expect(await knock("edge7")).toBe("let in");

		// Out again, and the hub has all of it.
		const done = (await revocations.update("revocations", waits, all)).outs;
		expect(done).not.toHaveProperty("kept");
		expect(await knock("edge7")).toBe("refused");
		expect(await revocations.diff("revocations", done, { ...all, held: UNKNOWN })).toEqual({ changes: false });
		// What the hub revokes it goes on revoking, whoever is held or comes back.
		for (const news of [held, back]) {
			const { outs: still } = await revocations.update("revocations", done, news);
			expect(still).not.toHaveProperty("kept");
			expect(await revoked()).toContain(key);
		}
	});

	it("is everybody at once, at a hub that was made anew", async () => {
		const inputs = {
			...accountsInputs(),
			revoked: { devices: [user("edge5")], releases: [], hub: [], readers: [], admin: [] },
		};
		const { outs } = await accounts.create(inputs);
		expect(await knock("edge5")).toBe("refused");
		const anew = { ...inputs, revoked: { devices: [user("edge6")], releases: [], hub: [], readers: [], admin: [] } };
		// Another list alone is for the resource that waits for the streams.
		expect(await accounts.diff("accounts", outs, anew)).toEqual({ changes: false });
		await accounts.update("accounts", outs, {
			...anew,
			claims: accountClaims(bench.keys, { role: deviceRole(["x"]) }),
		});
		expect(await knock("edge6")).toBe("let in");
		await accounts.update("accounts", outs, { ...anew, generation: "2" });
		expect(await knock("edge6")).toBe("refused");
	});

	it("may be as many as a fleet may revoke, and the hub still answers", { timeout: 180_000 }, async () => {
		const many = Array.from({ length: MOST_REVOKED }, (_, i) => {
			const raw = new Uint8Array(32);
			new DataView(raw.buffer).setUint32(0, i + 1);
			return publicKey(encodeSeed("U", raw));
		}).sort();
		const downlinks = Array.from({ length: 32 }, (_, i) => `hub_${"c".repeat(40)}${i}`);
		const rules = accountClaims(bench.keys, { role: deviceRole(downlinks) });
		await accounts.create({ ...accountsInputs(), claims: rules });
		await revocations.create({
			...revocationsInputs(),
			revoked: { [devices()]: many, [publicKey(bench.keys.hub)]: [] },
		});
		const jwt = await held();
		expect(Object.keys(revocationsOf(jwt)).length).toBeGreaterThanOrEqual(MOST_REVOKED);
		expect(jwt.length).toBeLessThan(MAX_PAYLOAD * 0.95);
		expect(await knock("edge3")).toBe("refused");
		expect(await eventually(() => knock("edge9"), { what: "edge9 is let in" })).toBe("let in");
	});
});
