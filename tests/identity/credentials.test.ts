import { type Account, decode, type Operator, parseCreds, type User } from "@nats-io/jwt";
import { fromPublic, fromSeed } from "nkeys.js";
import { describe, expect, it } from "vitest";
import {
	ACCOUNTS,
	accountClaims,
	accountJwts,
	fleetClaims,
	operatorJwt,
	systemAccountJwt,
} from "../../components/identity/accounts";
import {
	adminCreds,
	deviceCreds,
	devicePublicKey,
	readerCreds,
	readerPublicKey,
	systemCreds,
} from "../../components/identity/credentials";
import { accountSeeds, createKeys, deviceSeed, deviceSigning, type Keys } from "../../components/identity/keys";
import { createSeed, encodeSeed, publicKey, sign } from "../../components/identity/nkey";
import type { Topology } from "../../topology/model";
import { deviceRole, SHARES } from "../../topology/permissions";
import { NO_ROLL } from "../../topology/roll";
import { isSubset, overlaps } from "../../topology/subjects";
import { benchTopology } from "../support/bench-fleet";

/** Fixed, so that a change of any text that devices already hold shows here. */
const KEYS: Keys = {
	createdAt: 1_767_225_600,
	operator: encodeSeed("O", new Uint8Array(32).fill(1)),
	system: encodeSeed("A", new Uint8Array(32).fill(2)),
	devices: encodeSeed("A", new Uint8Array(32).fill(3)),
	hub: encodeSeed("A", new Uint8Array(32).fill(4)),
	deviceSigner: encodeSeed("A", new Uint8Array(32).fill(5)),
	fleetSecret: Buffer.alloc(32, 6).toString("base64"),
};
const SEEDS = accountSeeds(KEYS);
const SIGNING = deviceSigning(KEYS);
const creds = (text: string) => parseCreds(new TextEncoder().encode(text));

describe("keys", () => {
	it("are of the right kinds, and different each time", () => {
		const a = createKeys();
		const b = createKeys();
		expect([a.operator, a.system, a.devices, a.hub, a.deviceSigner].map((seed) => publicKey(seed)[0]).join("")).toBe(
			"OAAAA",
		);
		expect(new Set([...Object.values(a), ...Object.values(b)].filter((value) => typeof value === "string")).size).toBe(
			12,
		);
		expect(Buffer.from(a.fleetSecret, "base64").length).toBe(32);
	});

	it("of a device depend on its name and the secret only, and never change", () => {
		expect(publicKey(deviceSeed(KEYS.fleetSecret, "edge1"))).toBe(
			"UADJZPQN7DTXJ5U3TR2SQ4V635N4FPMUNPVZIO6NQ74OX5UHGIBP3NGJ",
		);
		expect(publicKey(deviceSeed(KEYS.fleetSecret, "edge2"))).not.toBe(publicKey(deviceSeed(KEYS.fleetSecret, "edge1")));
		expect(publicKey(deviceSeed(createKeys().fleetSecret, "edge1"))).not.toBe(
			publicKey(deviceSeed(KEYS.fleetSecret, "edge1")),
		);
	});

	it("of a name whose key was revoked are others, and its first ones are what they always were", async () => {
		const second = { ...SIGNING, generations: { edge1: 2 } };
		expect(devicePublicKey({ ...SIGNING, generations: { edge1: 1 } }, "edge1")).toBe(devicePublicKey(SIGNING, "edge1"));
		expect(devicePublicKey(second, "edge1")).toBe("UBMXNXOZVNQPFXH6HCGTFFRCEMMT5VMQDVGOD4VOH5RPSYWG7TWC5ABU");
		expect(devicePublicKey(second, "edge2")).toBe(devicePublicKey(SIGNING, "edge2"));
		expect(devicePublicKey(second, "constructor")).toBe(devicePublicKey(SIGNING, "constructor"));
		const { uc, key } = await creds(deviceCreds(second, "edge1"));
		expect([uc.sub, key]).toEqual([devicePublicKey(second, "edge1"), deviceSeed(KEYS.fleetSecret, "edge1", 2)]);
		const lake = async (generation: number) => (await creds(readerCreds(KEYS, "lake", [], generation))).uc.sub;
		expect(await lake(1)).toBe((await creds(readerCreds(KEYS, "lake", []))).uc.sub);
		expect(await lake(2)).toBe(readerPublicKey(KEYS, "lake", 2));
		expect(await lake(2)).not.toBe(await lake(1));
	});

	it("of accounts do not follow from what makes the credentials of devices", () => {
		const { createdAt, devices, deviceSigner, fleetSecret } = KEYS;
		const others: Keys = { ...createKeys(), createdAt, devices, deviceSigner, fleetSecret };
		const releasesAccount = publicKey(accountSeeds(others).releases);
		expect(deviceSigning(others)).toEqual({ ...SIGNING, releasesAccount });
		expect(releasesAccount).not.toBe(SIGNING.releasesAccount);
		const { devices: shared, ...seeds } = accountSeeds(others);
		expect(shared).toBe(SEEDS.devices);
		expect(Object.values(seeds).filter((seed) => Object.values(SEEDS).includes(seed))).toEqual([]);
	});

	it("refuse a secret that was cut off", () => {
		expect(() => deviceSeed(KEYS.fleetSecret.slice(0, 20), "edge1")).toThrow("32 bytes");
	});

	it.each(["O", "A", "U"] as const)("of type %s are what nkeys.js makes of the same seed", (type) => {
		const seed = createSeed(type);
		const data = new Uint8Array([1, 2, 3]);
		const theirs = fromSeed(new TextEncoder().encode(seed));
		expect(seed).toMatch(new RegExp(`^S${type}[A-Z2-7]{56}$`));
		expect(publicKey(seed)).toBe(theirs.getPublicKey());
		expect(sign(seed, data)).toEqual(Buffer.from(theirs.sign(data)));
		expect(fromPublic(publicKey(seed)).verify(data, sign(seed, data))).toBe(true);
	});

	it("are refused with a letter changed, without telling them", () => {
		const seed = createSeed("U");
		for (const bad of [
			seed.slice(1),
			`${seed}A`,
			seed.replace(/.$/, (c) => (c === "A" ? "B" : "A")),
			"",
			publicKey(seed),
		]) {
			expect(() => publicKey(bad)).toThrow(/^not an nkey seed: it must be 58 characters that begin with S$/);
		}
	});
});

describe("credentials", () => {
	it("are the same text for the same keys", () => {
		expect(deviceCreds(SIGNING, "edge1")).toBe(deviceCreds(SIGNING, "edge1"));
		expect(adminCreds(KEYS, { direct: false })).toBe(adminCreds(KEYS, { direct: false }));
		expect(operatorJwt(KEYS)).toBe(operatorJwt(KEYS));
		expect(systemAccountJwt(KEYS)).toBe(systemAccountJwt(KEYS));
	});

	it("of a device hold its name and account, and no permissions of their own", async () => {
		const { uc, aid, key } = await creds(deviceCreds(SIGNING, "edge1"));
		expect(uc).toMatchObject({ name: "edge1", iat: KEYS.createdAt, iss: publicKey(KEYS.deviceSigner) });
		expect(uc.nats).toEqual({ issuer_account: publicKey(KEYS.devices), type: "user", version: 2 });
		expect(aid).toBe(publicKey(KEYS.devices));
		expect(uc.sub).toBe(devicePublicKey(SIGNING, "edge1"));
		expect(key).toBe(deviceSeed(KEYS.fleetSecret, "edge1"));
	});

	it("of a device with a key of its own come without a seed", () => {
		const own = publicKey(deviceSeed(createKeys().fleetSecret, "edge1"));
		const text = deviceCreds(SIGNING, "edge1", own);
		expect(text).not.toContain("SEED");
		expect(decode<User>(text.split("\n")[1] ?? "").sub).toBe(own);
	});

	it("of administrators are for leaf connections only, unless direct ones are asked for", async () => {
		const types = async (text: string) => ((await creds(text)).uc.nats as Partial<User>).allowed_connection_types;
		for (const make of [adminCreds, systemCreds]) {
			expect(await types(make(KEYS, { direct: false }))).toEqual(["LEAFNODE"]);
			expect(await types(make(KEYS, { direct: true }))).toEqual(["LEAFNODE", "STANDARD"]);
		}
	});

	it("of staff are different users, in the account they work in", async () => {
		const all = [
			adminCreds(KEYS, { direct: false }),
			systemCreds(KEYS, { direct: false }),
			readerCreds(KEYS, "lake", ["hub_can"]),
			readerCreds(KEYS, "other", ["hub_can"]),
		];
		const users = await Promise.all(all.map(creds));
		expect(new Set(users.map(({ uc }) => uc.sub)).size).toBe(4);
		const { admin, readers } = SEEDS;
		expect(users.map(({ aid }) => aid)).toEqual([admin, KEYS.system, readers, readers].map(publicKey));
	});
});

describe("accounts", () => {
	const retiring = (retired: Topology["retired"]) => {
		const topology = benchTopology(1);
		return { ...topology, retired, fleet: { ...topology.fleet, devices: retired } };
	};
	const rules = { role: deviceRole(["hub_commands"]) };
	const claims = accountClaims(KEYS, rules);
	const jwts = accountJwts(SEEDS, claims, KEYS.createdAt + 5);

	it("are signed by the operator, at the time that was asked for", () => {
		for (const [jwt, seed] of [
			[jwts.devices, KEYS.devices],
			[jwts.hub, KEYS.hub],
			[jwts.admin, SEEDS.admin],
			[jwts.readers, SEEDS.readers],
			[systemAccountJwt(KEYS), KEYS.system],
		] as const) {
			expect(decode<Account>(jwt)).toMatchObject({ iss: publicKey(KEYS.operator), sub: publicKey(seed) });
		}
		expect(decode<Account>(jwts.hub).iat).toBe(KEYS.createdAt + 5);
		expect(decode<Operator>(operatorJwt(KEYS)).nats.system_account).toBe(publicKey(KEYS.system));
	});

	it("let only HUB hold streams", () => {
		const storage = (jwt: string) => decode<Account>(jwt).nats.limits;
		for (const jwt of [jwts.devices, jwts.admin, jwts.readers]) {
			expect(storage(jwt)).toMatchObject({ mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 });
		}
		expect(storage(jwts.hub)).toMatchObject({ disk_storage: -1, streams: -1 });
	});

	const exports = (account: Partial<Account>) =>
		(account.exports ?? []).map(({ subject, type }) => `${type} ${subject}`);
	const imports = (account: Partial<Account>) =>
		(account.imports ?? []).map(({ subject, type, local_subject }) => `${type} ${local_subject ?? subject}`);

	it("take from each other only what the other one gives", () => {
		for (const to of ACCOUNTS) {
			const taken = (claims[to].imports ?? []).filter(({ account }) => account !== publicKey(KEYS.system));
			for (const { account, subject, type } of taken) {
				const from = ACCOUNTS.find((name) => publicKey(SEEDS[name]) === account);
				const given = (from && claims[from].exports) ?? [];
				const within = given.filter((each) => each.type === type && isSubset(subject, each.subject));
				expect(within, `${to} takes ${subject}`).toHaveLength(1);
			}
		}
	});

	it("give only DEVICES' API whole, and only to ADMIN: what a source is made to send reaches nothing else", () => {
		expect(imports(claims.hub).filter((it) => !it.startsWith("stream journal."))).toEqual([
			"service $JS.*.API.CONSUMER.RESET.*.hub",
			"service $JS.*.API.CONSUMER.CREATE.>",
			"service $JS.FC.*.*.*.*.*",
			"stream deliver.*.>",
			"stream $JS.FC.*.*.*",
		]);
		expect(imports(claims.devices)).toEqual(["stream dl.*.*", "service $DOWN.hub.API.CONSUMER.RESET.$1.$2"]);
		expect(imports(claims.readers)).toEqual([
			"service $READ.hub.API.STREAM.INFO.$1",
			"service $READ.hub.API.CONSUMER.INFO.$1.$2",
			"service $READ.hub.API.CONSUMER.MSG.NEXT.$1.$2",
			"service $READ.hub.API.CONSUMER.RESET.$1.$2",
			"service $JS.ACK.*.*.>",
		]);
		expect(exports(claims.admin)).toEqual([]);
		expect(exports(claims.readers)).toEqual([]);
	});

	it("export nothing that lies within something else: the server would refuse the account", () => {
		for (const { exports = [] } of Object.values(claims)) {
			for (const one of exports) {
				const wider = exports.filter((each) => each.type === one.type && isSubset(one.subject, each.subject));
				expect(wider, one.subject).toEqual([one]);
			}
		}
	});

	it("give nothing back that they take: the server would drop an import, and tell nobody", () => {
		for (const given of SHARES.filter(({ from }) => from === "DEVICES")) {
			for (const back of SHARES.filter(({ from, to }) => from === given.to && to === "DEVICES")) {
				expect(overlaps(given.as ?? given.subject, back.subject), `${given.subject}, ${back.subject}`).toBe(false);
				expect(overlaps(back.as ?? back.subject, given.subject), `${back.subject}, ${given.subject}`).toBe(false);
			}
		}
	});

	it("hold no seed", () => {
		expect(JSON.stringify(claims)).not.toMatch(/"S[OAU][A-Z2-7]{56}"/);
	});

	it("revoke lost devices, whatever the time of their credentials, and no others", () => {
		const own = publicKey(deviceSeed(createKeys().fleetSecret, "x"));
		const { devices } = fleetClaims(
			KEYS,
			retiring({
				edge1: { name: "edge1", group: "all", retired: "lost" },
				edge2: { name: "edge2", group: "all", retired: "drain" },
				edge3: { name: "edge3", group: "all", retired: "lost", publicKey: own },
			}),
		);
		const revocations = devices.revocations ?? {};
		expect(Object.keys(revocations).sort()).toEqual([devicePublicKey(SIGNING, "edge1"), own].sort());
		for (const time of Object.values(revocations)) expect(time).toBeGreaterThan(Date.now() / 1000);
	});

	it("revoke every key that a lost device had, and no device that only left: it may have something left to say", () => {
		const roster = { keys: {}, revoked: { edge1: [1, 2], gone: [1] } };
		const topology = retiring({ edge1: { name: "edge1", group: "all", retired: "lost" } });
		const { devices } = fleetClaims(KEYS, topology, { devices: roster, readers: NO_ROLL });
		const keys = [1, 2].map((generation) => publicKey(deviceSeed(KEYS.fleetSecret, "edge1", generation)));
		expect(Object.keys(devices.revocations ?? {}).sort()).toEqual(keys.sort());
	});

	it("without lost devices revoke nobody", () => {
		expect(claims.devices).not.toHaveProperty("revocations");
	});
});
