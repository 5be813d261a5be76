import type { Account, Export, Import, OperatorLimits, SigningKey } from "@nats-io/jwt";
import { SYSTEM_EVENTS } from "../../topology/journal";
import { type AccountLimits, deviceLimits, NO_LIMITS, releaseLimits } from "../../topology/limits-by-role";
import type { Topology } from "../../topology/model";
import {
	type AccountName,
	deviceRole,
	downlinkStreams,
	READER_MAPPINGS,
	type Role,
	SHARES,
	type Share,
} from "../../topology/permissions";
import { releasesRole } from "../../topology/rollout/permissions";
import { firstRoster, type Roster } from "../../topology/roster";
import type { Signing } from "../../topology/signing";
import { isSubset } from "../../topology/subjects";
import { formerAdminKey, roleClaims } from "./credentials";
import { encodeAccount, encodeOperator } from "./jwt";
import { type AccountSeeds, accountSeeds, type Keys, signers } from "./keys";
import { publicKey } from "./nkey";
import { forEver, lostDevices } from "./revocations";

/**
 * The accounts that change over time, in the order in which they are pushed; the system account never changes. DEVICES
 * comes when everybody gives and takes what it should: its push makes the devices connect anew where they have to.
 * ADMIN is last: administrators wait for it, and it takes what the others give.
 */
export const ACCOUNTS = ["hub", "readers", "releases", "devices", "admin"] as const;
export type AccountKey = (typeof ACCOUNTS)[number];

/** What the accounts state. */
export type AccountClaims = Readonly<Record<AccountKey, Partial<Account> & { readonly mappings?: Mappings }>>;

/** Subjects by what they are replaced by, which the library's type lacks. */
type Mappings = Readonly<Record<string, readonly { readonly subject: string }[]>>;

/** The accounts' JWTs, for the hub's resolver. */
export type AccountJwts = Readonly<Record<AccountKey, string>>;

const NAMES: Readonly<Record<AccountKey, AccountName>> = {
	hub: "HUB",
	readers: "READERS",
	releases: "RELEASES",
	devices: "DEVICES",
	admin: "ADMIN",
};
const KEYS = Object.fromEntries(ACCOUNTS.map((key) => [NAMES[key], key])) as Record<AccountName, AccountKey>;

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
 * What the accounts of a fleet must state: lost devices revoked, and nobody else yet, for others that
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
	const role = deviceRole(downlinkStreams(topology));
	return accountClaims(keys, {
		role,
		revoked,
		limits: deviceLimits(topology),
		...(roster.signing && { signing: roster.signing }),
	});
}

export interface AccountRules {
	readonly role: Role;
	/** @default what every fleet has */
	readonly shares?: readonly Share[];
	/** Public keys of devices' users. */
	readonly revoked?: readonly string[];
	/** Of the account DEVICES. @default none */
	readonly limits?: AccountLimits;
	/** Of its signing key. @default never replaced */
	readonly signing?: Signing;
}

/** As `fleetClaims`, from the bare rules. */
export function accountClaims(
	keys: Keys,
	{ role, shares = SHARES, revoked = [], limits: most = NO_LIMITS, signing }: AccountRules,
): AccountClaims {
	const seeds = accountSeeds(keys);
	// The library's type lacks the description, which the format has.
	const scope = (role: Role, key: string): SigningKey => {
		return { kind: "user_scope", key, role: "device", template: roleClaims(role) };
	};
	const deviceScope = (key: string): SigningKey & { description: string } => ({
		...scope(role, key),
		description: streamsOf(shares),
	});
	const common = (account: AccountKey, streams: OperatorLimits) => ({
		limits: limits(streams),
		exports: offered(shares.filter(({ from }) => from === NAMES[account])),
		imports: shares.filter(({ to }) => to === NAMES[account]).map((share) => imported(share, seeds[KEYS[share.from]])),
	});
	const hub = common("hub", ANY_STREAMS);
	return {
		devices: {
			...common("devices", NO_STREAMS),
			// Not `conn`: when an account is pushed, the server counts leaf connections in it as well, and closes what is above.
			limits: { ...limits(NO_STREAMS), ...most },
			// Which of them have ended the push decides, which knows who was seen with which (`signers.ts`).
			signing_keys: signers(keys, signing).map(deviceScope),
			...(revoked.length > 0 && { revocations: { ...forEver(revoked) } }),
		},
		hub: {
			...hub,
			imports: [...hub.imports, ...SYSTEM_EVENTS.map((event) => imported({ kind: "stream", ...event }, keys.system))],
			// Until there was ADMIN, administrators were here.
			revocations: { ...forEver([formerAdminKey(keys)]) },
		},
		// Who is no device any more gets no release either.
		releases: {
			...common("releases", NO_STREAMS),
			limits: { ...limits(NO_STREAMS), ...releaseLimits(most) },
			signing_keys: signers(keys, signing).map((key) => scope(releasesRole(), key)),
			...(revoked.length > 0 && { revocations: { ...forEver(revoked) } }),
		},
		admin: common("admin", NO_STREAMS),
		readers: { ...common("readers", NO_STREAMS), mappings: mapped(READER_MAPPINGS) },
	};
}

/**
 * The streams that accounts exchange, as a text in the scope of the devices. When it changes, the server closes the
 * links of all devices, which connect again within a second or two. It must: it has taken their subscriptions from them.
 */
function streamsOf(shares: readonly Share[]): string {
	const streams = shares.filter(({ kind }) => kind === "stream");
	return streams.map(({ from, to, subject }) => `${from} ${subject} ${to}`).join(", ");
}

/** Signs the claims. @param issuedAt seconds since 1970; newer than any that the hub was given before */
export function accountJwts(seeds: AccountSeeds, claims: AccountClaims, issuedAt: number): AccountJwts {
	const signature = { seed: seeds.operator, issuedAt };
	const signed = (account: AccountKey) =>
		encodeAccount({ name: NAMES[account], subject: publicKey(seeds[account]), claims: claims[account] }, signature);
	return Object.fromEntries(ACCOUNTS.map((account) => [account, signed(account)])) as AccountJwts;
}

function limits(streams: OperatorLimits): OperatorLimits {
	const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };
	return { ...unlimited, ...streams };
}

function mapped(subjects: Readonly<Record<string, string>>): Mappings {
	return Object.fromEntries(Object.entries(subjects).map(([from, subject]) => [from, [{ subject }]]));
}

/** Exports of an account. None may lie within another one, so what is a part of another is left to that. */
function offered(shares: readonly Share[]): Export[] {
	const within = (a: Share, b: Share) => a.kind === b.kind && isSubset(a.subject, b.subject);
	const widest = shares.filter(
		(share, i) => !shares.some((other, j) => within(share, other) && (i > j || !within(other, share))),
	);
	return widest.map(exported);
}

function exported({ kind, subject, manyReplies }: Omit<Share, "from" | "to">): Export {
	return { name: subject, subject, type: kind, ...(manyReplies && { response_type: "Stream" as const }) };
}

/** @param seed of the account that exports it */
function imported({ kind, subject, as }: Omit<Share, "from" | "to">, seed: string): Import {
	const account = publicKey(seed);
	return { name: subject, subject, account, type: kind, ...(as !== undefined && { local_subject: as }) };
}
