import { devicePublicKey } from "../../components/identity/credentials";
import { bundleSeed, createKeys, deviceProgramSeed, deviceSigning, type Keys } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { leafConfigs } from "../../components/leaves/create";
import { buildOutputs } from "../../contract/build";
import type { StackOutputs } from "../../contract/outputs";
import type { Topology } from "../../topology/model";
import { CA } from "../contract/fixture";

export interface OutputsOptions {
	readonly keys?: Keys;
	readonly ca?: string;
	/** Where devices connect. */
	readonly urls?: readonly string[];
	/** Whose the streams are. */
	readonly owner?: string;
}

/** The outputs of a stack whose devices are elsewhere, as `index.ts` makes them. */
export function outputsOf(topology: Topology, options: OutputsOptions = {}): StackOutputs {
	const { keys = createKeys(), ca = CA, urls = ["tls://hub.example.com:7422"], owner } = options;
	const signing = deviceSigning(keys);
	const bundleKey = publicKey(bundleSeed(keys.fleetSecret));
	const known = Object.keys(topology.fleet.devices).map((name) => {
		const program = publicKey(deviceProgramSeed(keys.fleetSecret, name));
		return [name, { user: devicePublicKey(signing, name), program }] as const;
	});
	return {
		leafline: buildOutputs(topology, {
			ca,
			urls,
			versionFloor: "2.15.0",
			pending: {},
			bundleKey,
			...(owner !== undefined && { owner }),
		}),
		leafConfigs: leafConfigs(topology, urls, Object.fromEntries(known)),
		signing: { ...signing, generations: { ...signing.generations } },
	};
}
