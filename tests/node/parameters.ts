import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { confPath, NODE, PARAMETER } from "../../render/node/files";
import { renderFirewall } from "../../render/node/firewall";
import { renderRelease } from "../../render/node/parameters";
import { renderReport } from "../../render/node/report";
import { renderUnit } from "../../render/node/unit";
import { type Machine, toolPath } from "./machine";

/** Of the disk that the hub is to use. */
export const SERIAL = "vol0123456789abcdef0";

/** Of a disk that it is not to use. */
export const OTHER_SERIAL = "vol0fedcba9876543210";

export type Parameters = Record<string, string>;

/** All parameters of a hub of one node, with the server of this machine. */
export async function hubParameters(machine: Machine): Promise<Parameters> {
	const sha256 = machine.publish("nats-server", toolPath("nats-server"));
	const now = Date.now();
	const made = await createServerCertificate(await createAuthority(now), ["127.0.0.1"], now);
	return {
		[PARAMETER.conf]: hubConf(),
		[PARAMETER.firewall]: renderFirewall({ peers: [] }),
		[PARAMETER.unit]: renderUnit(),
		[PARAMETER.release]: renderRelease({ version: "2.15.2", url: "s3://bucket/nats-server", sha256 }),
		[PARAMETER.volume]: `serial=${SERIAL}\n`,
		[PARAMETER.report]: renderReport(),
		[PARAMETER.leafCert]: made.serverCert,
		[PARAMETER.leafKey]: made.serverKey,
	};
}

/** A configuration with the paths of the node. */
export function hubConf(more: ConfMap = {}): string {
	return renderNatsConfig(
		{
			server_name: "hub",
			listen: "127.0.0.1:4222",
			http: "127.0.0.1:8222",
			pid_file: NODE.pidFile,
			lame_duck_duration: "30s",
			lame_duck_grace_period: "1s",
			jetstream: { domain: "hub", store_dir: NODE.storeDir },
			leafnodes: {
				listen: "0.0.0.0:7422",
				tls: { cert_file: confPath(PARAMETER.leafCert), key_file: confPath(PARAMETER.leafKey), handshake_first: true },
			},
			...more,
		},
		"hub",
	);
}

/** Runs the user-data, as a machine's first boot does. */
export async function install(machine: Machine): Promise<void> {
	await machine.must("sh /host/user-data");
}
