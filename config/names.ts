import { show } from "./words";

/** What a name may look like, and why. */
export interface NameRule {
	readonly what: string;
	readonly form: RegExp;
	readonly describe: string;
	readonly most: number;
	/** Words that would clash, and with what. */
	readonly reserved: Readonly<Record<string, string>>;
}

/**
 * A device's name is its JetStream domain, its server's name, a subject token and a part of the names of its streams
 * and files. 63 characters are what a label of DNS may have, hold a UUID (36), and leave `<device>_<class>` far below
 * the 255 that the server allows a stream and a file system a file.
 */
export const DEVICE: NameRule = {
	what: "a device",
	form: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
	describe: "a-z, 0-9 and dashes within, for example truck-001",
	most: 63,
	reserved: {
		hub: "the hub's domain",
		control: "the control leaf",
		links: "the process that carries local links",
		keeper: "the process that runs beside the servers of local devices",
		deliver: "the subjects on which the hub receives",
		down: "the subjects of downlinks",
		dl: "the subjects on which devices receive",
	},
};

/** Also of downlink classes. An underscore would make `hub_can_02` a class as well as a shard. */
export const CLASS: NameRule = {
	what: "a class",
	form: /^[a-z][a-z0-9]*$/,
	describe: "a-z, then a-z and 0-9, for example can",
	most: 32,
	reserved: {},
};

export const GROUP: NameRule = {
	what: "a group",
	form: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
	describe: "a-z, 0-9 and dashes within, for example north",
	most: 32,
	reserved: {},
};

export const HARDWARE: NameRule = {
	what: "hardware",
	form: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
	describe: "a-z, 0-9 and dashes within, for example rk3588",
	most: 32,
	reserved: {},
};

export const CONSUMER: NameRule = {
	what: "a consumer",
	form: /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
	describe: "letters, digits, dashes and underscores, for example lake",
	most: 32,
	reserved: {},
};

/** The fleet's name: one token, as it may end in subjects and file names. */
export const FLEET: NameRule = {
	what: "a fleet",
	form: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
	describe: "a-z, 0-9 and dashes within, for example mine-north",
	most: 32,
	reserved: {},
};

/** What a person calls a device: what is printed on it, a number plate. In characters. */
export const LONGEST_LABEL = 64;

/** @returns undefined for a good name */
export function nameProblem(rule: NameRule, name: string): { message: string; remedy: string } | undefined {
	if (Object.hasOwn(rule.reserved, name)) {
		return { message: `${show(name)} is reserved for ${rule.reserved[name]}`, remedy: "choose another name" };
	}
	if (name.length > rule.most) {
		return { message: `${show(name)} has ${name.length} characters`, remedy: `use at most ${rule.most}` };
	}
	if (rule.form.test(name)) return undefined;
	return { message: `${show(name)} cannot name ${rule.what}`, remedy: repair(rule, name) };
}

/** A device has a name printed on it already, which its label keeps. */
function repair(rule: NameRule, name: string): string {
	const lower = name.toLowerCase();
	const repaired =
		rule === CLASS ? lower.replace(/[^a-z0-9]/g, "") : lower.replace(/[^a-z0-9-]/g, "-").replace(/^-+|-+$/g, "");
	if (repaired === name || nameProblem(rule, repaired)) return `use ${rule.describe}`;
	if (rule !== DEVICE) return `did you mean ${repaired}?`;
	const label = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) ? name : JSON.stringify(name);
	return `call it ${repaired}, and under devices write ${repaired}: { label: ${label} }`;
}
