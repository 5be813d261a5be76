import "./components/lazy-solver";

import * as pulumi from "@pulumi/pulumi";
import { requireFreshBuild } from "./components/build";
import { decide } from "./components/decide";
import { createHub, createSite } from "./components/hub/create";
import { serverVersion } from "./components/hub/version";
import { Identity } from "./components/identity/identity";
import { createLeaves, leafConfigs } from "./components/leaves/create";
import { owner } from "./components/streams/stream";
import { Streams } from "./components/streams/streams";
import { buildOutputs } from "./contract/build";
import { DEVICE_SERVER_FLOOR } from "./topology/server-floors";

/** One environment: a hub, the identity of everybody, local devices where asked for, and all streams. */
async function stack(): Promise<pulumi.Inputs> {
	requireFreshBuild();
	const topology = await decide();

	const site = await createSite(topology);
	const identity = new Identity("identity", { topology, ...(site && { hosts: site.hosts }) });
	const hub = await createHub(topology, identity, site);
	const connection = identity.connection(hub.urls);
	const accounts = identity.pushAccounts(connection, hub.generation, { dependsOn: hub });
	const leaves = createLeaves(topology, identity, serverVersion(), { dependsOn: accounts });
	const { restarts, serverVersion: version } = hub;
	const streams = new Streams("streams", { topology, connection, hub, leaves, restarts }, { dependsOn: accounts });

	const revocations = identity.keepRevoked(connection, hub.generation, streams.failed, { dependsOn: [...streams.all] });
	streams.judge([revocations]);

	const servers = { serverVersion: version, versionFloor: DEVICE_SERVER_FLOOR };
	const bundleKey = identity.bundleKey();
	const live = { ca: identity.caPem, urls: hub.urls, pending: streams.pending, bundleKey, owner: owner(), ...servers };
	const { adminCreds, systemCreds, readerCreds, signing } = identity;
	return {
		leafline: pulumi.output(live).apply((facts) => buildOutputs(topology, facts)),
		leafConfigs: pulumi
			.all([hub.urls, identity.deviceKeys()])
			.apply(([urls, keys]) => leafConfigs(topology, urls, keys)),
		access: pulumi.secret({ adminCreds, systemCreds, readerCreds }),
		signing: pulumi.secret(signing),
	};
}

export = stack;
