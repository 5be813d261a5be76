import * as pulumi from "@pulumi/pulumi";
import { renderHubConf } from "../../render/hub";
import type { Topology } from "../../topology/model";
import { SERVER_FILES } from "../daemon/layout";
import type { Identity } from "../identity/identity";
import { LocalHub } from "./local";

/** The hub of an environment, where its settings say. */
export function createHub(topology: Topology, identity: Identity, serverVersion: string): LocalHub {
	const { operatorJwt, systemAccount, systemAccountJwt, serverCert, serverKey } = identity;
	const conf = pulumi.all([operatorJwt, systemAccount, systemAccountJwt]).apply(([operator, system, systemJwt]) =>
		renderHubConf(topology, {
			node: 0,
			operatorJwt: operator,
			systemAccount: system,
			// The other accounts are pushed at run time: a change of permissions must not restart the hub.
			preload: { [system]: systemJwt },
			tls: { cert: SERVER_FILES.cert, key: SERVER_FILES.key },
			storeDir: SERVER_FILES.storeDir,
		}),
	);
	const { settings } = topology;
	return new LocalHub("hub", { settings, conf, tls: { cert: serverCert, key: serverKey }, serverVersion });
}
