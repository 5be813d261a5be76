import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../control/connection";
import type { Roster } from "../../topology/roster";
import { DynamicResource } from "../streams/dynamic";
import type { AccountClaims } from "./accounts";
import type { AccountSeeds, Keys } from "./keys";
import { leftKeys, type RevokedUsers } from "./revocations";
import type { SignersInputs } from "./signers";

export interface HubAccountsArgs {
	readonly connection: pulumi.Input<Connection>;
	readonly keys: pulumi.Input<AccountSeeds>;
	readonly claims: pulumi.Input<AccountClaims>;
	/** Everybody who is revoked, for a hub that knows nobody. */
	readonly revoked: pulumi.Input<RevokedUsers>;
	/** Where the account's signing key was ever replaced. */
	readonly signers: pulumi.Input<SignersInputs | undefined>;
	/** Devices that were not seen with the newest one are no change. @default false */
	readonly ignorePending?: boolean;
	readonly servers: number;
	readonly generation: pulumi.Input<string>;
}

/** The accounts of an environment in the hub's resolver. */
export class HubAccounts extends DynamicResource {
	/** When they were signed last, in seconds since 1970. */
	declare readonly issuedAt: pulumi.Output<number>;

	constructor(name: string, args: HubAccountsArgs, opts: pulumi.CustomResourceOptions) {
		const inputs = {
			...args,
			connection: pulumi.secret(args.connection),
			keys: pulumi.secret(args.keys),
			issuedAt: undefined,
		};
		super("accounts", "Accounts", name, inputs, { ...opts, additionalSecretOutputs: ["connection", "keys"] });
	}
}

/** A stack that never replaced the signing key has nothing of it in its state. */
export function signersInputs(keys: Keys, { devices, signing }: Roster): SignersInputs | undefined {
	if (signing === undefined) return undefined;
	const { end = 0 } = signing;
	const left = leftKeys(keys, devices);
	return {
		devices: Object.keys(devices.keys),
		...(Object.keys(left).length > 0 && { left }),
		...(end > 0 && { end }),
	};
}
