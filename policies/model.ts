import type { ServerEdition } from "../config/model";
import type { ConsumerConfig, StreamConfig } from "../topology/jetstream";

/**
 * What the rules judge: a design as plain data, wherever it comes from (resources that the engine is about to create,
 * or a topology that was planned without an engine). Rules never see Pulumi, NATS, or each other.
 */
export interface Design {
	readonly streams: readonly DesignStream[];
	readonly servers: readonly DesignServer[];
	readonly ingress: readonly DesignIngress[];
	readonly instances: readonly DesignInstance[];
	readonly volumes: readonly DesignVolume[];
	readonly parameters: readonly DesignParameter[];
	readonly devices: readonly DesignDevice[];
	/** Roles that users of an account are signed with. */
	readonly roles: readonly DesignRole[];
}

/** A value that the engine knows only when it is deployed. A rule that needs it neither complies nor violates. */
export const UNKNOWN = Symbol("not known until deployed");
export type Maybe<T> = T | typeof UNKNOWN;

/** Where a finding belongs. */
export interface Origin {
	/** Name for people, for example `hub_can` or `truck-001_can on truck-001`. */
	readonly label: string;
	/** URN of the resource, where there is one. */
	readonly urn?: string;
	/** Path in the fleet file or the settings, where there is one: SARIF puts the finding on that line. */
	readonly place?: { readonly document: "fleet" | "settings"; readonly path: readonly (string | number)[] };
}

export interface DesignStream {
	readonly origin: Origin;
	/** JetStream domain, `hub` for the hub. */
	readonly domain: Maybe<string>;
	readonly side: "hub" | "edge" | "foreign";
	/** The class of traffic, for streams of leafline. */
	readonly class?: string;
	/** Losing its messages is not acceptable: `whenFull: refuse`. */
	readonly critical: boolean;
	/** As `STREAM.CREATE` takes it; every field may be unknown. */
	readonly config: { readonly [K in keyof StreamConfig]: Maybe<StreamConfig[K]> } & Readonly<Record<string, unknown>>;
	/** Durable consumers that are declared on it, by name. */
	readonly consumers: Readonly<Record<string, Maybe<ConsumerConfig>>>;
	/** Stored now, where known: for changes that lower a limit. */
	readonly state?: { readonly messages: number; readonly bytes: number };
	/** Servers that the stream's domain has; absent when unknown. */
	readonly nodes?: number;
	/** What JetStream may use on that server in bytes. */
	readonly maxFile?: number;
	/** MQTT publishers feed it. */
	readonly mqtt?: boolean;
}

/** A nats-server's configuration. */
export interface DesignServer {
	readonly origin: Origin;
	readonly role: "hub" | "leaf";
	/** Parsed or rendered tree of the configuration; unknown as well where its text cannot be read. */
	readonly conf: Maybe<Readonly<Record<string, unknown>>>;
	/** Where and why the text of the configuration cannot be read. It never quotes the text. */
	readonly unreadable?: { readonly line: number; readonly column: number; readonly problem: string };
	readonly version?: Maybe<string>;
	/** Where its version is not known yet: which one it is to be. Absent on a machine of the user's own. */
	readonly edition?: ServerEdition;
	/** Bytes of the volume that holds `store_dir`, where known. */
	readonly diskBytes?: number;
}

/** One rule that lets traffic in, from a security group's own or a resource of its own. */
export interface DesignIngress {
	readonly origin: Origin;
	/** `tcp`, `udp`, `icmp`, `-1` for all. */
	readonly protocol: Maybe<string>;
	readonly fromPort: Maybe<number>;
	readonly toPort: Maybe<number>;
	/** CIDR blocks, IPv4 and IPv6. */
	readonly cidrs: readonly Maybe<string>[];
	readonly prefixLists: readonly Maybe<string>[];
	/** The group itself, or another group. */
	readonly groups: readonly Maybe<string>[];
}

export interface DesignInstance {
	readonly origin: Origin;
	readonly ami: Maybe<string>;
	/** The AMI came from a look-up of "latest", and nothing pins it. */
	readonly floatingAmi: Maybe<boolean>;
	readonly keyName: Maybe<string | undefined>;
	readonly httpTokens: Maybe<string | undefined>;
	readonly userData: Maybe<string | undefined>;
	readonly rootEncrypted: Maybe<boolean>;
	/** Volumes that come and go with it, beside the root volume. */
	readonly disks: readonly { readonly device: Maybe<string>; readonly encrypted: Maybe<boolean> }[];
	readonly publicAddress: Maybe<boolean>;
	/** The data is on instance store. */
	readonly instanceStore: Maybe<boolean>;
	/** Replicas of the streams that live on it. */
	readonly replicas?: number;
}

export interface DesignVolume {
	readonly origin: Origin;
	readonly encrypted: Maybe<boolean>;
	readonly protected: Maybe<boolean>;
}

/** What lies in a parameter store under a name. */
export interface DesignParameter {
	readonly origin: Origin;
	/** Only who may use its key reads it. */
	readonly encrypted: Maybe<boolean>;
	/** Its name says that it is a secret, whatever is in it. */
	readonly secret: boolean;
	readonly value: Maybe<string>;
}

export interface DesignDevice {
	readonly origin: Origin;
	readonly name: string;
	readonly domain: Maybe<string>;
	readonly serverName: Maybe<string>;
}

export interface DesignRole {
	readonly origin: Origin;
	readonly role: "device" | "reader" | "admin" | "system";
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
	/** What the role needs, exactly; more is a violation. */
	readonly exact: { readonly publish: readonly string[]; readonly subscribe: readonly string[] };
}

export type Severity = "mandatory" | "advisory";

/** Settings of the pack (policy configuration). */
export interface PolicyConfig {
	/** Public ports of the hub besides 7422. @default none */
	readonly allowedPorts: readonly number[];
	/** Oldest nats-server, of the hub `HUB_SERVER_FLOOR` at least. @default `DEVICE_SERVER_FLOOR` */
	readonly minimumServer: string;
	/** Most messages that a window may have on the way. @default 10,000 */
	readonly maximumWindow: number;
	/** The stack is production: replicas and protection are required. @default for stacks called prod or production */
	readonly production: boolean;
	/** Severity by rule, where it is not the rule's own. */
	readonly severity: Readonly<Record<string, Severity | "disabled">>;
	readonly exemptions: readonly Exemption[];
	/** Today, `YYYY-MM-DD`: an expired exemption fails. */
	readonly today: string;
}

export interface Exemption {
	/** Label or URN of the resource, or a pattern with `*`. */
	readonly resource: string;
	readonly rule: string;
	readonly reason: string;
	/** Last day on which it holds, `YYYY-MM-DD`. */
	readonly expires: string;
}

/** What a rule says of one thing. A rule returns nothing for what it does not apply to. */
export type Outcome =
	| { readonly verdict: "complies"; readonly origin: Origin }
	| { readonly verdict: "violates"; readonly origin: Origin; readonly message: string }
	| { readonly verdict: "unknown"; readonly origin: Origin; readonly message: string };

export interface Rule {
	/** Named after what it verifies, for example `stream-retention-is-limits`; also its page in `docs/policies/`. */
	readonly name: string;
	readonly area: "streams" | "consumers" | "hub" | "identity" | "exemptions";
	readonly title: string;
	readonly severity: Severity;
	/** What happens otherwise, and how we know. */
	readonly why: string;
	/** What to do. */
	readonly remedy: string;
	/** Public checkers and documents that name the same danger. @default none */
	readonly neighbours?: readonly string[];
	/** For the rule's page: what fails, and the same repaired. */
	readonly example: {
		readonly fails: string;
		readonly complies: string;
		readonly language: "yaml" | "typescript" | "json";
	};
	readonly check: (design: Design, config: PolicyConfig) => readonly Outcome[];
}
