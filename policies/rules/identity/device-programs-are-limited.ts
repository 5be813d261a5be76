import { type Denials, programDenials } from "../../../topology/program-permissions";
import { isSubset, overlaps } from "../../../topology/subjects";
import { type Design, type Maybe, type Outcome, type Rule, UNKNOWN } from "../../model";
import { block, type Conf, isBlock, listed, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, isFullyKnown, isKnown, unknown, violates } from "../outcomes";
import { list } from "../streams/each";

export const deviceProgramsAreLimited: Rule = {
	name: "device-programs-are-limited",
	area: "identity",
	title: "Programs on a device leave alone what is on its way to the hub",
	severity: "mandatory",
	why:
		"Whoever connects to the device's loopback port without credentials is in the account that holds the classes' streams and the " +
		"link. Without permissions any program there empties or deletes what the hub has not got, acknowledges it in the hub's name, " +
		"and speaks for the device on the link (each tried on 2.15.2).",
	remedy:
		"give the user of no_auth_user the permissions that leafline renders (topology/program-permissions.ts), and the device program one of its own",
	neighbours: [
		"NATS documentation, Authorization (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization)",
	],
	example: {
		fails:
			'{ "server_name": "truck-001", "jetstream": { "domain": "truck-001" },\n' +
			'  "accounts": { "$G/": { "jetstream": true, "users": [{ "nkey": "UD…" }] } }, "no_auth_user": "UD…" }\n',
		complies:
			'{ "server_name": "truck-001", "jetstream": { "domain": "truck-001" },\n' +
			'  "accounts": { "$G/": { "jetstream": true, "users": [{ "nkey": "UD…", "permissions": {\n' +
			'    "publish": { "deny": ["deliver.>", "$JS.API.STREAM.PURGE.truck-001_can", "…"] }, "subscribe": { "deny": ["…"] } } }] } },\n' +
			'  "no_auth_user": "UD…" }\n',
		language: "json",
	},
	check: eachServer(
		({ role, conf }) => role === "leaf" && (!isKnown(conf) || setting(conf, "jetstream") !== undefined),
		(conf, { origin }, _, design): Outcome[] => {
			const permissions = strangers(conf);
			if (permissions === undefined) return [complies(origin)];
			const needed = denials(conf, design);
			if (permissions === UNKNOWN || needed === UNKNOWN) {
				return [unknown(origin, `what programs on ${origin.label} may do`)];
			}
			const may = [
				...granted(needed.publish, permissions, PUBLISH).map((subject) => `publish on ${subject}`),
				...granted(needed.subscribe, permissions, SUBSCRIBE).map((subject) => `subscribe to ${subject}`),
			];
			const message = `programs on ${origin.label} may ${list(may)} without credentials`;
			return [may.length === 0 ? complies(origin) : violates(origin, message)];
		},
	),
};

/** The names that nats-server's `parseUserPermissions` knows for the two halves. */
const PUBLISH = ["publish", "pub", "import"];
const SUBSCRIBE = ["subscribe", "sub", "export"];

/** Permissions of whoever shows no credentials, empty for none; undefined where nobody comes in like that. */
function strangers(conf: Conf): Maybe<Conf | undefined> {
	const name = setting(conf, "no_auth_user");
	if (name === undefined) return undefined;
	const [authorization, accounts] = [block(conf, "authorization"), setting(conf, "accounts")];
	if (![name, authorization, accounts].every((part) => isFullyKnown(part))) return UNKNOWN;
	for (const home of [authorization, ...Object.values(isBlock(accounts) ? accounts : {})].filter(isBlock)) {
		const user = listed(setting(home, "users"))
			.filter(isBlock)
			.find((each) => [setting(each, "nkey"), setting(each, "user")].includes(name));
		const own = user && (setting(user, "permissions") ?? setting(home, "default_permissions") ?? {});
		if (isBlock(own)) return own;
	}
	// The server does not start.
	return undefined;
}

/** What leafline denies on this device, for the streams that are known of it. */
function denials(conf: Conf, { streams }: Design): Maybe<Denials> {
	const domain = setting(block(conf, "jetstream"), "domain") ?? setting(conf, "server_name");
	if (domain === UNKNOWN) return UNKNOWN;
	const own = streams.filter((stream) => stream.side === "edge" && stream.domain === domain);
	const names = (downlink: boolean) =>
		own.flatMap(({ class: name, config }) => {
			return name === undefined || (config.sources !== undefined) !== downlink ? [] : [name];
		});
	return programDenials(String(domain), { uplinks: names(false), downlinks: names(true) });
}

/** Those of the subjects that remain open, in whole or in part. */
function granted(subjects: readonly string[], permissions: Conf, half: readonly string[]): string[] {
	const value = half.map((name) => setting(permissions, name)).find((part) => part !== undefined);
	const allow = isBlock(value) ? setting(value, "allow") : value;
	const deny = isBlock(value) ? texts(setting(value, "deny")) : [];
	const open = (subject: string) => allow === undefined || texts(allow).some((each) => overlaps(subject, each));
	return subjects.filter((subject) => open(subject) && !deny.some((each) => isSubset(subject, each)));
}

function texts(value: unknown): string[] {
	return listed(value).filter((text): text is string => typeof text === "string");
}
