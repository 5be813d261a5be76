import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import { authorityOf } from "../../topology/authority";
import type { Topology } from "../../topology/model";
import { generationOf, generations, type Roll } from "../../topology/roll";
import type { Roster } from "../../topology/roster";
import { DynamicResource } from "../streams/dynamic";
import { fleetClaims, operatorJwt, systemAccountJwt } from "./accounts";
import { authorityTags } from "./authorities";
import { adminCreds, deviceCreds, devicePublicKey, readerCreds, systemCreds } from "./credentials";
import { HubAccounts, signersInputs } from "./hub-accounts";
import { type HubRevocations, keepRevoked } from "./hub-revocations";
import { accountSeeds, bundleSeed, type DeviceSigning, deviceProgramSeed, deviceSigning, type Keys } from "./keys";
import { publicKey } from "./nkey";
import { revokedUsers } from "./revocations";
import { keepRoster } from "./roster";

export interface IdentityArgs {
	readonly topology: Topology;
	/**
	 * Host names and addresses by which devices reach the hub, for its certificate.
	 * @default the settings' addresses, and this machine's own for a local hub
	 */
	readonly hosts?: pulumi.Input<pulumi.Input<string>[]>;
	/** Keys from a backup. @default made once and kept in the state */
	readonly keys?: pulumi.Input<Keys>;
	/** A certificate of the user's own for the leaf port, PEM. @default an authority of the stack's own */
	readonly certificates?: pulumi.Input<{ caPem: string; serverCert: string; serverKey: string }>;
}

/**
 * Who everybody is: the keys of an environment, what is signed with them, and the certificate of the hub. Everything
 * but the certificate follows from the keys by computation, so that nothing changes by itself.
 */
export class Identity extends pulumi.ComponentResource {
	/** All secret keys. Secret. */
	readonly keys: pulumi.Output<Keys>;
	/** For the hub's configuration. */
	readonly operatorJwt: pulumi.Output<string>;
	/** Public key of the system account. */
	readonly systemAccount: pulumi.Output<string>;
	/** The only account that the hub's configuration preloads; the others are pushed. */
	readonly systemAccountJwt: pulumi.Output<string>;
	/** PEM of the authority that signed the hub's certificate. */
	readonly caPem: pulumi.Output<string>;
	readonly serverCert: pulumi.Output<string>;
	/** Secret. */
	readonly serverKey: pulumi.Output<string>;
	/** Credentials file of the administrator of all streams. Secret. */
	readonly adminCreds: pulumi.Output<string>;
	/** Credentials file of the user that pushes accounts. Secret. */
	readonly systemCreds: pulumi.Output<string>;
	/** Credentials files by consumer of the fleet file. Secret. */
	readonly readerCreds: pulumi.Output<Record<string, string>>;
	/** What makes the credentials of devices, for tools. Secret. */
	readonly signing: pulumi.Output<DeviceSigning>;
	/** Who has which key, and whose are revoked. */
	readonly roster: pulumi.Output<Roster>;
	private readonly topology: Topology;

	constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:identity:Identity", name, {}, opts);
		const { topology } = args;
		const { settings } = topology;
		// With other keys every device needs new credentials, with another authority a new bundle.
		const kept = { parent: this, protect: !settings.allowDataLoss };
		const keys = pulumi.secret(args.keys ?? new EnvironmentKeys("keys", kept).keys);
		const roster = keepRoster(topology, kept);
		const certificates = args.certificates
			? pulumi.output(args.certificates)
			: pulumi.output(new HubCertificates("certificates", args.hosts ?? hosts(topology), topology, kept));
		// The local demo, and whoever manages the hub by a URL of its own, come through the client port.
		const direct = settings.hub.kind === "local" || settings.controlUrls.length > 0;

		this.topology = topology;
		this.keys = keys;
		this.roster = roster;
		this.operatorJwt = pulumi.unsecret(keys.apply(operatorJwt));
		this.systemAccount = pulumi.unsecret(keys.apply(({ system }) => publicKey(system)));
		this.systemAccountJwt = pulumi.unsecret(keys.apply(systemAccountJwt));
		this.caPem = certificates.caPem;
		this.serverCert = certificates.serverCert;
		this.serverKey = pulumi.secret(certificates.serverKey);
		this.adminCreds = keys.apply((it) => adminCreds(it, { direct }));
		this.systemCreds = keys.apply((it) => systemCreds(it, { direct }));
		this.readerCreds = pulumi.all([keys, roster]).apply(([it, { readers }]) => readersCreds(it, topology, readers));
		this.signing = pulumi
			.all([keys, roster])
			.apply(([it, { devices, signing }]) => deviceSigning(it, generations(devices), signing));
		this.registerOutputs({});
	}

	/** Credentials file of a device. Secret; without the seed for a device that made its key itself. */
	deviceCreds(device: string): pulumi.Output<string> {
		const ownKey = this.topology.fleet.devices[device]?.publicKey;
		return pulumi
			.all([this.signing, this.caPem])
			.apply(([signing, ca]) => deviceCreds(signing, device, ownKey, authorityTags(ca)));
	}

	/** Seed of the user as which a device's own program connects to its server. Secret. */
	deviceProgramSeed(device: string): pulumi.Output<string> {
		return this.signing.apply(({ fleetSecret }) => deviceProgramSeed(fleetSecret, device));
	}

	/** Public key of who signs the devices' bundles. */
	bundleKey(): pulumi.Output<string> {
		return pulumi.unsecret(this.signing.apply(({ fleetSecret }) => publicKey(bundleSeed(fleetSecret))));
	}

	/** Public keys by device, for the devices' configurations. */
	deviceKeys(): pulumi.Output<Record<string, DeviceKeys>> {
		const devices = Object.values(this.topology.fleet.devices);
		const keys = (signing: DeviceSigning): Record<string, DeviceKeys> =>
			Object.fromEntries(
				devices.map(({ name, publicKey: own }) => {
					const program = publicKey(deviceProgramSeed(signing.fleetSecret, name));
					return [name, { user: devicePublicKey(signing, name, own), program }];
				}),
			);
		return pulumi.unsecret(this.signing.apply(keys));
	}

	/** How to administer the hub. Secret. @param urls where leaf nodes connect, every node's */
	connection(urls: pulumi.Input<string[]>): pulumi.Output<Connection> {
		const directUrls = [...this.topology.settings.controlUrls];
		const parts = { urls, ca: this.caPem, adminCreds: this.adminCreds, systemCreds: this.systemCreds };
		return pulumi.output(parts).apply((it) => (directUrls.length > 0 ? { ...it, directUrls } : it));
	}

	/**
	 * Gives the hub its accounts; nobody can connect before. Devices that are `retired: lost` are revoked by it, those
	 * that left the fleet by `keepRevoked`.
	 * @param generation anything that is another one when the hub was made anew
	 */
	pushAccounts(
		connection: pulumi.Input<Connection>,
		generation: pulumi.Input<string> = "",
		opts: pulumi.CustomResourceOptions = {},
	): HubAccounts {
		const { topology } = this;
		const known = pulumi.all([this.keys, this.roster]);
		const claims = pulumi.unsecret(known.apply(([keys, roster]) => fleetClaims(keys, topology, roster)));
		const revoked = pulumi.unsecret(known.apply(([keys, roster]) => revokedUsers(keys, roster)));
		const keys = this.keys.apply(accountSeeds);
		const signers = pulumi.unsecret(known.apply(([keys, roster]) => signersInputs(keys, roster)));
		const args = {
			connection,
			keys,
			claims,
			revoked,
			signers,
			...(topology.settings.ignorePending && { ignorePending: true }),
			servers: topology.settings.hub.nodes,
			generation,
		};
		return new HubAccounts("accounts", args, { parent: this, ...opts });
	}

	/**
	 * Revokes whoever left the fleet, for ever, once the streams have let go; see `keepRevoked()`.
	 * @param held devices that they did not let go, by name, and why
	 */
	keepRevoked(
		connection: pulumi.Input<Connection>,
		generation: pulumi.Input<string> = "",
		held: pulumi.Input<Record<string, string>> = {},
		opts: pulumi.CustomResourceOptions = {},
	): HubRevocations {
		const args = {
			keys: this.keys,
			roster: this.roster,
			connection,
			servers: this.topology.settings.hub.nodes,
			held,
			...(this.topology.settings.ignorePending && { ignorePending: true }),
			generation,
		};
		return keepRevoked(args, { parent: this, ...opts });
	}
}

/** Public keys that stand in a device's configuration. */
export interface DeviceKeys {
	/** Of its user. No device knows that of another one, so its server's cluster is called by it (`render/leaf.ts`). */
	readonly user: string;
	/** Of the user as which the device's own program connects. */
	readonly program: string;
}

/** The keys of an environment. */
class EnvironmentKeys extends DynamicResource {
	declare readonly keys: pulumi.Output<Keys>;

	constructor(name: string, opts: pulumi.CustomResourceOptions) {
		super("keys", "Keys", name, { keys: undefined }, { ...opts, additionalSecretOutputs: ["keys"] });
	}
}

/** The authority of an environment and the hub's certificate. */
class HubCertificates extends DynamicResource {
	declare readonly caPem: pulumi.Output<string>;
	declare readonly serverCert: pulumi.Output<string>;
	declare readonly serverKey: pulumi.Output<string>;

	constructor(
		name: string,
		hosts: pulumi.Input<pulumi.Input<string>[]>,
		{ fleet }: Pick<Topology, "fleet">,
		opts: pulumi.CustomResourceOptions,
	) {
		const made = { caPem: undefined, caKey: undefined, serverCert: undefined, serverKey: undefined };
		const authority = authorityOf(fleet);
		const inputs = { hosts, ...(authority && { authority }), ...made };
		// `authorities` holds the keys of both, where there are two.
		const secret = ["caKey", "serverKey", "authorities"];
		super("certificates", "Certificates", name, inputs, { ...opts, additionalSecretOutputs: secret });
	}
}

function hosts({ settings }: Topology): string[] {
	const { addresses, kind } = settings.hub;
	return [...new Set([...addresses, ...(kind === "local" ? ["localhost", "127.0.0.1"] : [])])];
}

function readersCreds(keys: Keys, { fleet, hubStreams }: Topology, roll: Roll): Record<string, string> {
	return Object.fromEntries(
		Object.entries(fleet.consumers).map(([name, consumer]) => {
			const streams = Object.entries(hubStreams).filter(
				([, { direction, class: name }]) => direction === "uplink" && name === consumer.class,
			);
			return [name, readerCreds(keys, name, streams.map(([stream]) => stream).sort(), generationOf(roll, name))];
		}),
	);
}
