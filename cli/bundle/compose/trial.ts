import {
	ACCOUNTS,
	accountJwts,
	fleetClaims,
	operatorJwt,
	systemAccountJwt,
} from "../../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../../components/identity/certificates";
import { adminCreds, devicePublicKey } from "../../../components/identity/credentials";
import {
	accountSeeds,
	bundleSeed,
	createKeys,
	deviceProgramSeed,
	deviceSigning,
	type Keys,
} from "../../../components/identity/keys";
import { publicKey } from "../../../components/identity/nkey";
import { ConfigError } from "../../../config/errors";
import { openFleet } from "../../../config/fleet";
import { locateProblems } from "../../../config/report";
import { parseSettings } from "../../../config/settings";
import { buildOutputs } from "../../../contract/build";
import type { StackOutputs } from "../../../contract/outputs";
import { DEVICE_FILES } from "../../../render/bundle/leaf";
import { HUB, HUB_FILES, HUB_LEAF_PORT, HUB_STORE, hubServices, hubVolumes, onHub } from "../../../render/compose/hub";
import { EXPORTER_PORT, MONITOR_PORT } from "../../../render/compose/model";
import { reportScript, setupScript } from "../../../render/compose/scripts";
import { renderHubConf } from "../../../render/hub";
import { renderLeafConf } from "../../../render/leaf";
import type { Topology } from "../../../topology/model";
import { ADMIN_API } from "../../../topology/permissions";
import { plan } from "../../../topology/plan";

/** A fleet with a hub of its own and keys that nobody else has: nothing of it is a stack's. */
export interface Trial {
	readonly outputs: StackOutputs;
	/** Texts of the hub by their path in its folder, without the server. */
	readonly files: Readonly<Record<string, string>>;
	readonly services: ReturnType<typeof hubServices>;
	readonly volumes: ReturnType<typeof hubVolumes>;
}

/** @throws ConfigError with every mistake of the fleet file */
export async function makeTrial(fleetFile: string, now = Date.now()): Promise<Trial> {
	const topology = planned(fleetFile);
	const keys = createKeys(now);
	const certificates = await createServerCertificate(await createAuthority(now), [HUB, "localhost", "127.0.0.1"], now);
	const uplinks = Object.keys(topology.hubStreams).filter((name) => topology.hubStreams[name]?.direction === "uplink");
	return {
		outputs: outputsOf(topology, keys, certificates.caPem),
		files: {
			[HUB_FILES.conf]: hubConf(topology, keys),
			[HUB_FILES.certificate]: certificates.serverCert,
			[HUB_FILES.key]: certificates.serverKey,
			[HUB_FILES.admin]: adminCreds(keys, { direct: true }),
			[HUB_FILES.setup]: setupScript,
			[HUB_FILES.report]: reportScript,
			...requests(topology),
		},
		services: hubServices(ADMIN_API, uplinks, EXPORTER_PORT),
		volumes: hubVolumes(),
	};
}

function planned(fleetFile: string): Topology {
	const fleet = openFleet(fleetFile);
	const { settings, problems } = parseSettings("local", { hub: { kind: "local" }, leaves: { local: false } });
	const made = settings && plan(fleet.fleet, settings);
	if (made?.topology) return made.topology;
	throw new ConfigError(
		locateProblems([...problems, ...(made?.problems ?? [])], { fleet, settingsFile: "Pulumi.local.yaml" }),
	);
}

function outputsOf(topology: Topology, keys: Keys, ca: string): StackOutputs {
	const urls = [`tls://${HUB}:${HUB_LEAF_PORT}`];
	const signing = deviceSigning(keys);
	const leafConf = (device: string) =>
		renderLeafConf(topology, device, {
			...{ ...DEVICE_FILES, urls },
			cluster: devicePublicKey(signing, device),
			deviceProgram: publicKey(deviceProgramSeed(keys.fleetSecret, device)),
		});
	return {
		leafline: buildOutputs(topology, {
			...{ ca, urls, versionFloor: "2.15.0", pending: {} },
			bundleKey: publicKey(bundleSeed(keys.fleetSecret)),
		}),
		leafConfigs: Object.fromEntries(Object.keys(topology.devices).map((device) => [device, leafConf(device)])),
		signing: { ...signing, generations: { ...signing.generations } },
	};
}

/** All that changes in a stack stands in its configuration: nobody pushes accounts to the hub of a try. */
function hubConf(topology: Topology, keys: Keys): string {
	const seeds = accountSeeds(keys);
	const jwts = accountJwts(seeds, fleetClaims(keys, topology), keys.createdAt + 1);
	const accounts = ACCOUNTS.map((account) => [publicKey(seeds[account]), jwts[account]]);
	return renderHubConf(topology, {
		node: 0,
		operatorJwt: operatorJwt(keys),
		systemAccount: publicKey(keys.system),
		preload: { ...Object.fromEntries(accounts), [publicKey(keys.system)]: systemAccountJwt(keys) },
		tls: { cert: onHub("certificate"), key: onHub("key") },
		storeDir: HUB_STORE,
		clientListen: "127.0.0.1:4222",
		leafListen: `0.0.0.0:${HUB_LEAF_PORT}`,
		monitorListen: `127.0.0.1:${MONITOR_PORT}`,
		address: HUB,
	});
}

/** Streams and their consumers, as an update makes them that meets no device. */
function requests(topology: Topology): Record<string, string> {
	const asked = Object.entries(topology.hubStreams).flatMap(([name, { config, consumers }]) => [
		{ subject: `${ADMIN_API}.STREAM.CREATE.${name}`, body: config as unknown },
		...Object.entries(consumers).map(([consumer, config]) => ({
			subject: `${ADMIN_API}.CONSUMER.CREATE.${name}.${consumer}`,
			body: { stream_name: name, config, action: "" } as unknown,
		})),
	]);
	const digits = String(asked.length).length;
	return Object.fromEntries(
		asked.flatMap(({ subject, body }, index) => {
			const number = String(index + 1).padStart(digits, "0");
			return [
				[`setup/${number}.subject`, `${subject}\n`],
				[`setup/${number}.json`, `${JSON.stringify(body)}\n`],
			];
		}),
	);
}
