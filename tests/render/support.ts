import { spawn } from "node:child_process";
import { operatorJwt, systemAccountJwt } from "../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { createKeys } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import type { HubConfOptions } from "../../render/hub";
import type { Servers } from "../support/servers";

/** What `nats-server -t` says about a file. */
export async function checkedByServer(file: string): Promise<{ ok: boolean; output: string }> {
	const child = spawn("nats-server", ["-t", "-c", file], { stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	child.stdout.on("data", (data) => {
		output += data;
	});
	child.stderr.on("data", (data) => {
		output += data;
	});
	const code = await new Promise((done, fail) => {
		child.once("error", fail);
		child.once("close", done);
	});
	return { ok: code === 0, output };
}

/** Real identities and certificates in the servers' folder. */
export async function identity(servers: Servers) {
	const keys = createKeys();
	const now = Date.now();
	const made = await createServerCertificate(await createAuthority(now), ["127.0.0.1"], now);
	const files = {
		ca: servers.write("ca.pem", made.caPem),
		cert: servers.write("tls.crt", made.serverCert),
		key: servers.write("tls.key", made.serverKey),
	};
	const hub: Pick<HubConfOptions, "operatorJwt" | "systemAccount" | "preload" | "tls"> = {
		operatorJwt: operatorJwt(keys),
		systemAccount: publicKey(keys.system),
		preload: { [publicKey(keys.system)]: systemAccountJwt(keys) },
		tls: { cert: files.cert, key: files.key },
	};
	return { keys, files, hub };
}
