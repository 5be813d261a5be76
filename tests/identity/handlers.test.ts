import { X509Certificate } from "node:crypto";
import { type Account, decode } from "@nats-io/jwt";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { accountClaims } from "../../components/identity/accounts";
import { devicePublicKey } from "../../components/identity/credentials";
import { accounts } from "../../components/identity/handlers/accounts";
import { certificates } from "../../components/identity/handlers/certificates";
import { keys } from "../../components/identity/handlers/keys";
import { accountSeeds, deviceSigning } from "../../components/identity/keys";
import { type Props, UNKNOWN } from "../../components/streams/provider/handler";
import { deviceRole, SHARES } from "../../topology/permissions";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";

const DAY = 24 * 60 * 60 * 1000;

describe("the resource of the keys", () => {
	it("never changes once made, whatever is asked", async () => {
		const { id, outs } = await keys.create({});
		expect(await keys.diff(id, outs, { anything: 1 })).toEqual({ changes: false });
		expect((await keys.update(id, outs, { anything: 1 })).outs).toEqual(outs);
		expect(await keys.read(id, outs)).toEqual({ id, props: outs, inputs: {} });
	});
});

describe("the resource of the certificates", () => {
	const inputs = { hosts: ["hub.example.com"] };

	it("keeps its authority when hosts are added, and makes a new certificate", async () => {
		const { id, outs } = await certificates.create(inputs);
		expect(await certificates.diff(id, outs, inputs)).toEqual({ changes: false });
		const wider = { hosts: [...inputs.hosts, "10.0.0.1"] };
		expect(await certificates.diff(id, outs, wider)).toEqual({ changes: true });
		const renewed = (await certificates.update(id, outs, wider)).outs;
		expect(renewed.caPem).toBe(outs.caPem);
		expect(renewed.serverCert).not.toBe(outs.serverCert);
		expect(await certificates.diff(id, renewed, wider)).toEqual({ changes: false });
	});

	it("renews in time, and says so when the authority itself has ended", async () => {
		const { id, outs } = await certificates.create(inputs);
		vi.useFakeTimers({ toFake: ["Date"], now: Number(outs.serverEnds) - 89 * DAY });
		try {
			expect(await certificates.diff(id, outs, inputs)).toEqual({ changes: true });
			vi.setSystemTime(Number(outs.caEnds) + DAY);
			await expect(certificates.update(id, outs, inputs)).rejects.toThrow("the certificate authority has ended");
		} finally {
			vi.useRealTimers();
		}
	});

	it("waits for hosts that a preview does not know, and refuses none", async () => {
		for (const hosts of [UNKNOWN, [UNKNOWN]]) {
			expect(await certificates.check?.({}, { hosts })).toEqual({ inputs: { hosts } });
		}
		for (const hosts of [[], undefined, [""]]) {
			expect((await certificates.check?.({}, { hosts }))?.failures).toHaveLength(1);
		}
	});

	it("is not changed by a refresh", async () => {
		for (const asked of [inputs, { ...inputs, use: "peer" }]) {
			const { id, outs } = await certificates.create(asked);
			expect(await certificates.read(id, outs)).toEqual({ id, props: outs, inputs: asked });
		}
	});

	it("makes certificates for routes, whose use lasts over a renewal", async () => {
		const asked = { ...inputs, use: "peer" };
		const { id, outs } = await certificates.create(asked);
		expect(await certificates.diff(id, outs, asked)).toEqual({ changes: false });
		expect(await certificates.diff(id, outs, inputs)).toEqual({ changes: true });
		const renewed = (await certificates.update(id, outs, { ...asked, hosts: ["10.0.0.1"] })).outs;
		for (const { serverCert } of [outs, renewed]) {
			expect(new X509Certificate(String(serverCert)).keyUsage).toContain("1.3.6.1.5.5.7.3.2");
		}
	});
});

describe("the resource of the accounts", () => {
	let bench: Bench;
	let inputs: Props;
	let state: Props;

	beforeAll(async () => {
		bench = await startBench();
		inputs = {
			connection: bench.connection,
			keys: accountSeeds(bench.keys),
			claims: accountClaims(bench.keys, { role: deviceRole([]) }),
			servers: 1,
			generation: "",
		};
	});
	afterAll(() => bench?.close());

	const held = (props: Props) => decode<Account>((props.jwts as { devices: string }).devices);
	const revoking = (device: string): Props => {
		const revoked = [devicePublicKey(deviceSigning(bench.keys), device)];
		return { ...inputs, claims: accountClaims(bench.keys, { role: deviceRole([]), revoked }) };
	};

	it("pushes what is newer than anything the hub has", async () => {
		// From a machine whose clock is ahead by an hour.
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
		await bench.push({}).finally(() => vi.useRealTimers());
		const before = Math.floor(Date.now() / 1000);
		state = (await accounts.create(inputs)).outs;
		expect(state.issuedAt).toBeGreaterThan(before + 3_599);
		expect(held(state).iat).toBe(state.issuedAt);
	});

	it("is unchanged by a refresh, and by another order of the same claims", async () => {
		const { claims, ...rest } = inputs;
		const backwards = Object.fromEntries(Object.entries(claims as object).reverse());
		expect(await accounts.read("accounts", state)).toEqual({ id: "accounts", props: state, inputs });
		expect(await accounts.diff("accounts", state, { claims: backwards, ...rest })).toEqual({ changes: false });
	});

	it("changes with the claims, the keys, the number of servers, the hub's generation", async () => {
		const changed: Props[] = [
			revoking("edge1"),
			{ ...inputs, servers: 3 },
			{ ...inputs, generation: "2" },
			{ ...inputs, connection: { ...bench.connection, urls: ["tls://elsewhere:7422"] } },
			{ ...inputs, keys: { ...(inputs.keys as object), hub: bench.keys.devices } },
			{ ...inputs, connection: UNKNOWN },
		];
		for (const news of changed) expect(await accounts.diff("accounts", state, news)).toEqual({ changes: true });
	});

	it("revokes a device in place", async () => {
		await bench.startEdge("edge1");
		state = (await accounts.update("accounts", state, revoking("edge1"))).outs;
		const gone = async () => (await bench.control.leaves())?.has("edge1") === false;
		await eventually(gone, { what: "edge1 is thrown out", within: 3_000 });
	});

	it("notices that somebody else pushed, and puts it right", async () => {
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
		await bench.push({}).finally(() => vi.useRealTimers());
		const found = await accounts.read("accounts", state);
		expect(found.inputs).toMatchObject({ claims: {} });
		expect(await accounts.diff("accounts", found.props, revoking("edge1"))).toEqual({ changes: true });
		state = (await accounts.update("accounts", found.props, revoking("edge1"))).outs;
		expect(held(state).nats.revocations).toBeDefined();
		expect((await accounts.read("accounts", state)).props).toEqual(state);
	});

	it("tells why the hub refused", async () => {
		const twice = [...SHARES, ...SHARES];
		const news = { ...inputs, claims: accountClaims(bench.keys, { role: deviceRole([]), shares: twice }) };
		await expect(accounts.update("accounts", state, news)).rejects.toThrow(
			/^hub refused an account: .*overlapping subject namespace/,
		);
	});
});
