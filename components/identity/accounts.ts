import type { Account, Export, Import, OperatorLimits, SigningKey } from "@nats-io/jwt";
import { SYSTEM_EVENTS } from "../../topology/journal";
import { type AccountLimits, deviceLimits, NO_LIMITS } from "../../topology/limits-by-role";
import type { Topology } from "../../topology/model";
import { deviceRole, downlinkStreams, type Role, SHARES, type Share } from "../../topology/permissions";
import { firstRoster, type Roster } from "../../topology/roster";
import { roleClaims } from "./credentials";
import { encodeAccount, encodeOperator } from "./jwt";
import type { Keys } from "./keys";
import { publicKey } from "./nkey";
import { forEver, lostDevices } from "./revocations";

/** What the two accounts that change over time state; the system account never changes. */
export interface AccountClaims {
	readonly devices: Partial<Account>;
	readonly hub: Partial<Account>;
}

/** The accounts' JWTs, for the hub's resolver. */
export interface AccountJwts {
	readonly devices: string;
	readonly hub: string;
}

const NO_STREAMS: OperatorLimits = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };
const ANY_STREAMS: OperatorLimits = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

export function operatorJwt(keys: Keys): string {
	return encodeOperator(
		{ name: "leafline", subject: publicKey(keys.operator), claims: { system_account: publicKey(keys.system) } },
		{ seed: keys.operator, issuedAt: keys.createdAt },
	);
}

/**
 * The hub's configuration preloads it. Nodes give each other the newest they have, and of two of the same second either
 * one may win, so one that states something else is later than the one before it, while nodes restart one by one.
 */
const SYSTEM_EDITION = 1;

export function systemAccountJwt(keys: Keys): string {
	const exports = SYSTEM_EVENTS.map(({ subject }) => exported({ kind: "stream", subject }));
	return encodeAccount(
		{ name: "SYS", subject: publicKey(keys.system), claims: { limits: limits(NO_STREAMS), exports } },
		{ seed: keys.operator, issuedAt: keys.createdAt + SYSTEM_EDITION },
	);
}

/**
 * What the accounts DEVICES and HUB of a fleet must state: lost devices revoked, and nobody else yet, for others that
 * left must be reached until nothing waits on them. Holds public keys only.
 * @param roster who has which key. @default of a fleet that begins
 */
export function fleetClaims(
	keys: Keys,
	topology: Pick<Topology, "fleet" | "devices" | "hubStreams" | "retired">,
	roster: Roster = firstRoster(topology.fleet),
): AccountClaims {
	const lost = Object.values(topology.retired).filter(({ retired }) => retired === "lost");
	const revoked = lostDevices(
		keys,
		roster,
		lost.map(({ name }) => name),
	);
	return accountClaims(keys, { role: deviceRole(downlinkStreams(topology)), revoked, limits: deviceLimits(topology) });
}

export interface AccountRules {
	readonly role: Role;
	/** @default what every fleet has */
	readonly shares?: readonly Share[];
	/** Public keys of devices' users. */
	readonly revoked?: readonly string[];
	/** Of the account DEVICES. @default none */
	readonly limits?: AccountLimits;
}

/** As `fleetClaims`, from the bare rules. */
export function accountClaims(
	keys: Keys,
	{ role, shares = SHARES, revoked = [], limits: most = NO_LIMITS }: AccountRules,
): AccountClaims {
	const deviceScope: SigningKey = {
		kind: "user_scope",
		key: publicKey(keys.deviceSigner),
		role: "device",
		template: roleClaims(role),
	};
	const fromDevices = shares.filter(({ from }) => from === "DEVICES");
	const fromHub = shares.filter(({ from }) => from === "HUB");
	return {
		devices: {
			// Not `conn`: when an account is pushed, the server counts leaf connections in it as well, and closes what is above.
			limits: { ...limits(NO_STREAMS), ...most },
			signing_keys: [deviceScope],
			exports: fromDevices.map(exported),
			imports: fromHub.map((share) => imported(share, publicKey(keys.hub))),
			...(revoked.length > 0 && { revocations: { ...forEver(revoked) } }),
		},
		hub: {
			limits: limits(ANY_STREAMS),
			exports: fromHub.map(exported),
			imports: [
				...fromDevices.map((share) => imported(share, publicKey(keys.devices))),
				...SYSTEM_EVENTS.map((event) => imported({ kind: "stream", ...event }, publicKey(keys.system))),
			],
		},
	};
}

/** Signs the claims. @param issuedAt seconds since 1970; newer than any that the hub was given before */
export function accountJwts(
	keys: Pick<Keys, "operator" | "devices" | "hub">,
	claims: AccountClaims,
	issuedAt: number,
): AccountJwts {
	const signature = { seed: keys.operator, issuedAt };
	return {
		devices: encodeAccount({ name: "DEVICES", subject: publicKey(keys.devices), claims: claims.devices }, signature),
		hub: encodeAccount({ name: "HUB", subject: publicKey(keys.hub), claims: claims.hub }, signature),
	};
}

function limits(streams: OperatorLimits): OperatorLimits {
	const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };
	return { ...unlimited, ...streams };
}

function exported({ kind, subject }: Pick<Share, "kind" | "subject">): Export {
	return { name: subject, subject, type: kind };
}

function imported({ kind, subject, as }: Omit<Share, "from">, account: string): Import {
	return { name: subject, subject, account, type: kind, ...(as !== undefined && { local_subject: as }) };
}
