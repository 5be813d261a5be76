import { expect, test } from "vitest";
import { accountClaims, accountJwts } from "../../components/identity/accounts";
import { deviceCreds } from "../../components/identity/credentials";
import { accountSeeds, createKeys, deviceSigning } from "../../components/identity/keys";
import { buildOutputs } from "../../contract/build";
import { renderLeafConf } from "../../render/leaf";
import { deviceRole } from "../../topology/permissions";
import { plan } from "../../topology/plan";
import { makeFleet, makeSettings } from "../topology/fixtures";
import { CA } from "./fixture";

/** Seeds (operator, account, user), private keys and JWTs; no word boundary, for in JSON they stand behind `\n`. */
const SECRET = /S[A-Z][A-Z2-7]{56}(?![A-Z2-7])|BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+/;

test("the public outputs hold no seed, no private key and no token", () => {
	const { topology } = plan(makeFleet(), makeSettings());
	if (!topology) throw new Error("no topology");
	const leaf = { urls: ["tls://127.0.0.1:7422"], credentials: "leaf.creds", ca: "ca.pem" };
	const leafConfigs = Object.keys(topology.devices).map((device) => renderLeafConf(topology, device, leaf));
	const leafline = buildOutputs(topology, { ca: CA, versionFloor: "2.15.0", pending: {} });
	expect(JSON.stringify({ leafline, leafConfigs })).not.toMatch(SECRET);
});

test("the scan would find what it looks for", () => {
	const keys = createKeys();
	const claims = accountClaims(keys, { role: deviceRole([]) });
	for (const secret of [
		keys.operator,
		keys.devices,
		keys.deviceSigner,
		accountJwts(accountSeeds(keys), claims, keys.createdAt).hub,
		"-----BEGIN EC PRIVATE KEY-----",
		deviceCreds(deviceSigning(keys), "edge1"),
	])
		expect(JSON.stringify({ text: `x ${secret} y` })).toMatch(SECRET);
});
