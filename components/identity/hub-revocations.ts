import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import { some } from "../../topology/format";
import type { Roster } from "../../topology/roster";
import { DynamicResource } from "../streams/dynamic";
import { ACCOUNTS } from "./accounts";
import { accountSeeds, type Keys } from "./keys";
import { publicKey } from "./nkey";
import { devicesWithKeys, leftKeys, type Revocations, revokedUsers, rotatedKeys } from "./revocations";

export interface HubRevocationsArgs {
	readonly connection: pulumi.Input<Connection>;
	/** Seed of the operator. */
	readonly operator: pulumi.Input<string>;
	/** Public keys of users, by that of their account. */
	readonly revoked: pulumi.Input<Record<string, readonly string[]>>;
	/** Public keys by device, as `rotatedKeys()` gives them. */
	readonly rotated: pulumi.Input<Record<string, readonly string[]>>;
	/** Public keys of devices that left, by device, as `leftKeys()` gives them. */
	readonly left: pulumi.Input<Record<string, readonly string[]>>;
	/** Devices that the streams did not let go, by name: their keys stay valid. */
	readonly held: pulumi.Input<Record<string, string>>;
	/** Public key of DEVICES. */
	readonly devicesAccount: pulumi.Input<string>;
	/** Public key of RELEASES. */
	readonly releasesAccount: pulumi.Input<string>;
	/** Devices that were not seen with their new key are no change. @default false */
	readonly ignorePending?: boolean;
	/** Servers of the hub; every one must take the accounts. */
	readonly servers: number;
	readonly generation: pulumi.Input<string>;
}

/** Who is revoked at the hub for ever. */
export class HubRevocations extends DynamicResource {
	/** What the hub revokes by account, and nobody here asked for; undefined before it was looked at. */
	declare readonly found: pulumi.Output<Record<string, Revocations> | undefined>;

	constructor(name: string, args: HubRevocationsArgs, opts: pulumi.CustomResourceOptions) {
		const secrets = { connection: pulumi.secret(args.connection), operator: pulumi.secret(args.operator) };
		const additionalSecretOutputs = Object.keys(secrets);
		const inputs = { ...args, ...secrets, found: undefined, waiting: undefined, kept: undefined };
		super("revocations", "Revocations", name, inputs, { ...opts, additionalSecretOutputs });
	}
}

export interface KeepRevokedArgs {
	readonly keys: pulumi.Output<Keys>;
	readonly roster: pulumi.Output<Roster>;
	readonly connection: pulumi.Input<Connection>;
	readonly servers: number;
	/** Devices that the streams did not let go, by name, and why. @default none */
	readonly held?: pulumi.Input<Record<string, string>>;
	/** As in the settings. @default false */
	readonly ignorePending?: boolean;
	/** Anything that is another one when the hub was made anew. */
	readonly generation: pulumi.Input<string>;
}

/**
 * Revokes whoever left the fleet, for ever. To be made after the streams: a device that leaves is asked before whether
 * the hub has everything that it holds, and one that they hold back keeps its credentials until it has.
 */
export function keepRevoked(args: KeepRevokedArgs, opts: pulumi.CustomResourceOptions): HubRevocations {
	const { keys, roster, held = {}, ...others } = args;
	const operator = keys.apply((it) => it.operator);
	const revoked = pulumi.all([keys, roster]).apply(([it, roster]) => {
		const users = revokedUsers(it, roster);
		const seeds = accountSeeds(it);
		return Object.fromEntries(ACCOUNTS.map((account) => [publicKey(seeds[account]), users[account]]));
	});
	const rotated = pulumi.unsecret(pulumi.all([keys, roster]).apply(([it, { devices }]) => rotatedKeys(it, devices)));
	const left = pulumi.unsecret(pulumi.all([keys, roster]).apply(([it, { devices }]) => leftKeys(it, devices)));
	const devicesAccount = pulumi.unsecret(keys.apply((it) => publicKey(it.devices)));
	const releasesAccount = pulumi.unsecret(keys.apply((it) => publicKey(accountSeeds(it).releases)));
	const accounts = { devicesAccount, releasesAccount };
	const inputs = { ...others, operator, revoked: pulumi.unsecret(revoked), rotated, left, held, ...accounts };
	const kept = new HubRevocations("revocations", inputs, opts);
	warnOfRevoked(args, kept);
	return kept;
}

/** Devices in service that the hub does not let in, for it knows more than the state, which may be an older one. */
function warnOfRevoked({ keys, roster }: KeepRevokedArgs, kept: HubRevocations): void {
	pulumi.all([keys, roster, kept.found]).apply(([it, roster, found = {}]) => {
		const users = Object.values(found).flatMap((revocations) => Object.keys(revocations));
		const devices = devicesWithKeys(it, roster, users);
		if (devices.length === 0) return;
		const text =
			`the hub revoked the key of ${some(devices)}, and this state does not know it: it may be an older one. For a new key, ` +
			"take it out of its group, bring the stack up, put it in again, and give it its new credentials";
		void pulumi.log.warn(text, kept);
	});
}
