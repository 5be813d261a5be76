import { type Maybe, type Outcome, type Rule, UNKNOWN } from "../../model";
import { type Conf, isBlock, setting } from "../hub/conf";
import { eachServer } from "../hub/each";
import { complies, unknown, violates } from "../outcomes";

export const deviceStreamsStateMaxBytes: Rule = {
	name: "device-streams-state-max-bytes",
	area: "streams",
	title: "A device takes no stream without a limit",
	severity: "mandatory",
	why:
		"The server adds up max_bytes when a stream is made, but a stream without it takes what it gets: a program's own key-value " +
		"bucket takes the room that the classes' streams have reserved, and then all of them refuse (error 10023; seen on 2.15.2 " +
		"after 292 puts). The limit is one of an account, and the default account $G takes none.",
	remedy: "set max_bytes_required in the jetstream block of every account of the device that has JetStream",
	neighbours: [
		"NATS documentation, accounts: max_bytes_required (https://docs.nats.io/reference/config/accounts/jetstream/max_bytes_required.md)",
		"nats-server #4138: the default account cannot be configured (https://github.com/nats-io/nats-server/issues/4138)",
	],
	example: {
		fails: '{ "server_name": "truck-001", "jetstream": { "domain": "truck-001", "max_file": "32GiB" } }\n',
		complies:
			'{\n  "server_name": "truck-001",\n  "jetstream": { "domain": "truck-001", "max_file": "32GiB" },\n' +
			'  "accounts": { "$G/": { "jetstream": { "max_bytes_required": true }, "users": [{ "nkey": "UD…" }] } },\n' +
			'  "no_auth_user": "UD…"\n}\n',
		language: "json",
	},
	check: eachServer(
		({ role }) => role === "leaf",
		(conf, { origin }): Outcome[] => {
			const found = unlimited(conf);
			if (found === UNKNOWN) return [unknown(origin, `accounts of ${origin.label}`)];
			if (found === undefined) return [];
			return [
				found === ""
					? complies(origin)
					: violates(
							origin,
							`${origin.label} takes streams without max_bytes in its ${found}: one takes the room of all`,
						),
			];
		},
	),
};

/** The first account that takes any stream, "" for none; undefined without JetStream. */
function unlimited(conf: Conf): Maybe<string | undefined> {
	const jetstream = setting(conf, "jetstream");
	if (jetstream === undefined || isOff(jetstream)) return undefined;
	const accounts = setting(conf, "accounts");
	if (accounts === UNKNOWN) return UNKNOWN;
	const named = isBlock(accounts) ? Object.entries(accounts) : [];
	const others = named.filter(([name]) => name !== setting(conf, "system_account") && name !== "$SYS");
	// Without accounts of its own, everybody is in the default one; with them, that one has no JetStream.
	if (others.length === 0) return "default account";
	const limits = others.map(([name, account]) => [name, isBlock(account) ? setting(account, "jetstream") : account]);
	const open = limits.find(([, value]) => value !== UNKNOWN && !isOff(value) && requires(value) === false);
	if (open) return `account ${open[0]}`;
	return limits.some(([, value]) => value === UNKNOWN || requires(value) === UNKNOWN) ? UNKNOWN : "";
}

function isOff(value: unknown): boolean {
	return value === undefined || value === false || /^disabled?$/i.test(String(value));
}

function requires(jetstream: unknown): Maybe<boolean> {
	const value = isBlock(jetstream) ? setting(jetstream, "max_bytes_required") : undefined;
	return value === UNKNOWN ? UNKNOWN : value === true;
}
