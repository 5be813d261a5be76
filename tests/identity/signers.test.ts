import { describe, expect, it } from "vitest";
import { encodeAccount } from "../../components/identity/jwt";
import { createKeys } from "../../components/identity/keys";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { judgeSigners } from "../../components/identity/signers";

const KEYS = ["k1", "k2"];
const keys = createKeys();
/** The account as a server holds it, with these signing keys. */
const held = (signers: readonly string[], revoked: readonly string[] = []) =>
	encodeAccount(
		{
			name: "DEVICES",
			subject: publicKey(keys.devices),
			claims: { signing_keys: [...signers], revocations: Object.fromEntries(revoked.map((user) => [user, 1])) },
		},
		{ seed: keys.operator, issuedAt: 1 },
	);
const came = (...logins: readonly [name: string, issuer: string][]) => {
	return async () => logins.map(([name, issuer]) => ({ user: "U", name, issuer }));
};
const nobody = async () => {
	throw new Error("asked without need");
};

describe("which signing keys the hub lets go of", () => {
	it("none for a hub that never had an account, where only the newest is needed", async () => {
		expect(await judgeSigners(KEYS, { devices: ["a"] }, [], undefined, nobody)).toEqual({ ended: ["k1"] });
	});

	it("asks nobody before the hub has the new one", async () => {
		const state = await judgeSigners(KEYS, { devices: ["a"] }, [held(["k1"])], {}, nobody);
		expect(state).toEqual({ ended: [], waiting: ["a"], seen: {} });
	});

	it("remembers for longer than the journal, and goes by the last login", async () => {
		const both = [held(KEYS)];
		const first = await judgeSigners(KEYS, { devices: ["a", "b"] }, both, {}, came(["a", "k2"], ["b", "k1"]));
		expect(first).toMatchObject({ waiting: ["b"], seen: { a: 2, b: 1 } });
		const later = await judgeSigners(KEYS, { devices: ["a", "b"] }, both, first, came(["b", "k2"]));
		expect(later).toEqual({ ended: ["k1"] });
		const back = await judgeSigners(KEYS, { devices: ["a", "b"] }, both, first, came(["b", "k2"], ["a", "k1"]));
		expect(back.waiting).toEqual(["a"]);
	});

	it("brings none back that a node has let go of", async () => {
		const state = await judgeSigners(KEYS, { devices: ["a"] }, [held(KEYS), held(["k2"])], {}, nobody);
		expect(state).toEqual({ ended: ["k1"] });
	});

	it("waits for a device that left and was not let go, and not for one that was", async () => {
		const key = publicKey(createSeed("U"));
		const inputs = { devices: ["a"], left: { gone: [key] } };
		const all = came(["a", "k2"]);
		expect(await judgeSigners(KEYS, inputs, [held(KEYS)], {}, all)).toMatchObject({ ended: [], waiting: ["gone"] });
		expect(await judgeSigners(KEYS, inputs, [held(KEYS, [key])], {}, all)).toEqual({ ended: ["k1"] });
	});
});
