import type { Seen } from "../../../../aws/deploy";
import { MACHINES } from "./machines";
import type { AccountOf, CallsOf, ResourceCalls } from "./model";
import { NETWORK } from "./network";
import { RIGHTS } from "./rights";
import { SERVICES } from "./services";
import { STORAGE } from "./storage";

export const TABLE: Readonly<Record<string, CallsOf>> = {
	...NETWORK,
	...MACHINES,
	...RIGHTS,
	...STORAGE,
	...SERVICES,
};

/** @returns undefined for what is not AWS's: components, keys, streams */
export function callsOf(seen: Seen, world: AccountOf): ResourceCalls | undefined {
	const calls = TABLE[seen.type];
	if (calls) return calls({ seen, world });
	if (!/^(aws|command):/.test(seen.type)) return undefined;
	throw new Error(`it is not known what ${seen.type} asks of AWS; say it in tests/support/aws/iam/calls`);
}
