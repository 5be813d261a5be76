import { leafMessage } from "../../support/raw-leaf";
import type { Random } from "./random";

/** What somebody says who has the credentials of `edge1` and speaks the leaf protocol as it likes. */

const DEVICES = ["edge1", "edge2", "hub", "{{name()}}", "*"];
const STREAMS = ["hub_can", "hub_alarm", "hub_commands", "edge1_can", "edge1_alarm", "edge2_can", "edge2_alarm"];
const CONSUMERS = ["hub", "lake", "edge1", "edge2", "forged"];
const CALLS = [
	"STREAM.PURGE",
	"STREAM.DELETE",
	"STREAM.UPDATE",
	"STREAM.CREATE",
	"STREAM.INFO",
	"STREAM.MSG.GET",
	"STREAM.MSG.DELETE",
	"STREAM.SNAPSHOT",
	"STREAM.RESTORE",
	"STREAM.LEADER.STEPDOWN",
	"STREAM.PEER.REMOVE",
	"DIRECT.GET",
	"CONSUMER.CREATE",
	"CONSUMER.DURABLE.CREATE",
	"CONSUMER.DELETE",
	"CONSUMER.RESET",
	"CONSUMER.PAUSE",
	"CONSUMER.UNPIN",
	"CONSUMER.INFO",
	"CONSUMER.MSG.NEXT",
	"CONSUMER.LEADER.STEPDOWN",
];
const API = [
	"$JS.API",
	"$JS.hub.API",
	"$JS.edge1.API",
	"$JS.edge2.API",
	"$DOWN.hub.API",
	"$DOWN.edge2.API",
	"ADMIN.API",
];
const SYSTEM = [
	"$SYS.REQ.CLAIMS.UPDATE",
	"$SYS.REQ.CLAIMS.DELETE",
	"$SYS.REQ.CLAIMS.LIST",
	"$SYS.REQ.SERVER.PING.CONNZ",
	"$SYS.REQ.ACCOUNT.PING.CONNZ",
	"$SYS.REQ.USER.INFO",
	"$SYS.ACCOUNT.x.CONNECT",
	"$JSC.CI.x",
	"$NRG.V.x",
	"$NRG.P.x",
	"_GR_.a.b.c",
	"$GR.a.b",
	"$LDS.x",
	"$MQTT.sub.x",
	"$G",
];
const ODD = ["", "*", ">", "a b", "\u0000", "ü", "..", "@", "+", "|", "x".repeat(300), "x".repeat(5_000), "-1", "{}"];
const FIELDS = [
	"Nats-Consumer-Stalled",
	"nats-consumer-stalled",
	"Nats-Last-Consumer",
	"Nats-Last-Stream",
	"Nats-Trace-Dest",
	"Nats-Trace-Only",
	"Nats-Trace-Hop",
	"traceparent",
	"Nats-Stream-Source",
	"Nats-Msg-Id",
	"Nats-Rollup",
	"Nats-Expected-Stream",
	"Nats-Expected-Last-Sequence",
	"Nats-Expected-Last-Subject-Sequence",
	"Nats-Required-Api-Level",
	"Nats-TTL",
	"Nats-Incr",
	"Nats-Batch-Id",
	"Nats-Batch-Sequence",
	"Nats-Batch-Commit",
	"Nats-Schedule",
	"Nats-Schedule-Target",
	"Nats-Request-Info",
	"Nats-Marker-Reason",
	"Nats-Pending-Messages",
	"Status",
	"Accept-Encoding",
];
const STATUS = [
	"",
	" 100 FlowControl Request",
	" 100 Idle Heartbeat",
	" 503",
	" 404 No Messages",
	" 409 x",
	" 100",
	" x",
	" 100 ",
];
const BODIES = [
	"",
	"{}",
	"null",
	"[]",
	"forged",
	'{"seq":1}',
	'{"filter":">"}',
	'{"batch":1,"no_wait":true}',
	'{"name":"hub_can","max_msgs":1}',
	'{"stream_name":"hub_can","config":{"ack_policy":"none","deliver_subject":"dl.edge1.x"}}',
	'{"type":"io.nats.jetstream.api.v1.consumer_reset_response","config":null}',
	"+ACK",
	"+TERM",
	"x".repeat(20_000),
];

/** A subject: one that means something, and often spoilt a little. */
export function subject(random: Random): string {
	const device = () => random.pick(DEVICES);
	const stream = () => random.pick(STREAMS);
	const consumer = () => random.pick(CONSUMERS);
	const kinds: (() => string)[] = [
		() => `${random.pick(API)}.${random.pick(CALLS)}.${stream()}${random.once(2) ? `.${consumer()}` : ""}`,
		() => `$DOWN.hub.API.CONSUMER.RESET.hub_commands.${device()}`,
		() => `deliver.${device()}.${random.pick(["can", "alarm", "commands", "x", ">"])}`,
		() => `deliver.edge1.${random.pick(["can", "alarm"])}`,
		() => `dl.${device()}.${random.pick(["commands", "x", ">"])}`,
		() => `down.${device()}.commands.x`,
		() => `${device()}.can.x`,
		() => `$JS.FC.${device()}.x.${stream()}.${consumer()}.y`,
		() => `$JS.FC.${stream()}.${consumer()}.y`,
		() => `_R_.${random.below(1e6).toString(36)}`,
		() => `_INBOX.${random.below(1e6).toString(36)}.x`,
		() => `$JSC.R.hub.x.${stream()}.${consumer()}.y`,
		() => acknowledgement(random),
		() => random.pick(SYSTEM),
	];
	const whole = random.pick(kinds)();
	if (!random.once(5)) return whole;
	const tokens = whole.split(".");
	tokens[random.below(tokens.length)] = random.pick([...ODD, device(), stream(), consumer()]);
	return tokens.join(".");
}

function acknowledgement(random: Random): string {
	const number = () => random.pick(["0", "1", "2", "7", "1000000", "18446744073709551615", "-1", "x"]);
	const of = `${random.pick(STREAMS)}.${random.pick(CONSUMERS)}`;
	const numbers = `${number()}.${number()}.${number()}.${number()}.${number()}`;
	return `$JS.ACK.${of}.${numbers}${random.once(2) ? `@${random.pick(["", subject(random)])}` : ""}`;
}

function headers(random: Random): string {
	const value = () => random.pick([subject(random), "1", "0", "-1", "all", "sub", "x".repeat(1_000), "", "{}"]);
	const count = random.below(4);
	const fields = Array.from(
		{ length: count },
		() => `${random.pick(FIELDS)}${random.pick([": ", ":", ":  "])}${value()}\r\n`,
	);
	const block = `NATS/1.0${random.pick(STATUS)}\r\n${fields.join("")}\r\n`;
	return random.once(12) ? block.slice(0, random.below(block.length)) : block;
}

/** One line of the protocol with what belongs to it, often spoilt a little. */
export function utterance(random: Random): string {
	const kinds: (() => string)[] = [
		() => leafMessage(subject(random), random.pick(BODIES)),
		() => leafMessage(subject(random), random.pick(BODIES), subject(random)),
		() => leafMessage(subject(random), random.pick(BODIES), subject(random), headers(random)),
		() => leafMessage(subject(random), "", subject(random), headers(random)),
		() => leafMessage("deliver.edge1.alarm", "", random.once(2) ? subject(random) : undefined, headers(random)),
		() => leafMessage("$DOWN.hub.API.CONSUMER.RESET.hub_commands.edge1", random.pick(BODIES), subject(random)),
		() =>
			leafMessage(
				"deliver.edge1.alarm",
				random.pick(BODIES),
				acknowledgement(random),
				random.once(2) ? headers(random) : undefined,
			),
		() => `LS+ ${subject(random)}\r\n`,
		() => `LS+ ${subject(random)} queue ${random.pick(["1", "0", "-1", "99999999999", "x"])}\r\n`,
		() => `LS- ${subject(random)}\r\n`,
		() => `LMSG ${subject(random)} + ${subject(random)} queue ${random.below(9)}\r\nx\r\n`,
		() => `LMSG ${subject(random)} ${random.pick(["-1", "0", "99999999999999999999", "x", "5"])}\r\nhello\r\n`,
		() => `HMSG ${subject(random)} ${random.below(40)} ${random.below(40)}\r\n${headers(random)}x\r\n`,
		() => random.pick(["PING\r\n", "PONG\r\n", "ping\r\n", "+OK\r\n", "-ERR 'Permissions Violation'\r\n", "\r\n"]),
		() => `INFO ${JSON.stringify(hello(random))}\r\n`,
		() => `CONNECT ${JSON.stringify(hello(random))}\r\n`,
		() =>
			`${random.pick(["PUB", "SUB", "HPUB", "RMSG", "RS+", "A+", "A-", "GET / HTTP/1.1"])} ${subject(random)} 1\r\nx\r\n`,
	];
	const weights = [8, 8, 10, 8, 10, 6, 8, 6, 4, 3, 2, 2, 2, 2, 1, 1, 1];
	const drawn = random.below(weights.reduce((sum, weight) => sum + weight, 0));
	const chosen = kinds.find((_, at) => drawn < weights.slice(0, at + 1).reduce((sum, weight) => sum + weight, 0));
	const text = chosen?.() ?? "";
	if (!random.once(25)) return text;
	const at = random.below(text.length);
	return random.pick([
		`${text.slice(0, at)}${text.slice(at + 1)}`,
		`${text.slice(0, at)}${random.pick(["\u0000", "\r", "\n", " ", "\u00ff", "\t"])}${text.slice(at)}`,
		text.slice(0, at),
		text.repeat(2),
	]);
}

/** Fields of a CONNECT or an INFO. */
export function hello(random: Random): Record<string, unknown> {
	const names = ["edge1", "edge2", "hub", "hostile", "", "x".repeat(200)];
	const all: Record<string, unknown> = {
		name: random.pick(names),
		cluster: random.pick(names),
		domain: random.pick(names),
		server_id: random.pick([...names, "NABC"]),
		remote_account: random.pick(["HUB", "SYS", "$G", "$SYS", "DEVICES"]),
		hub: true,
		is_spoke: true,
		isolate: true,
		compression: random.pick(["off", "s2_fast", "x"]),
		headers: random.once(2),
		jetstream: random.once(2),
		deny_pub: [subject(random)],
		import: { allow: [">"] },
		export: { allow: [">"] },
		protocol: random.pick([0, 1, 2, 99, -1]),
		version: random.pick(["2.15.2", "9.9.9", "x"]),
		max_payload: 1e12,
		nonce: "x",
		connect_urls: [subject(random)],
		leafnode_urls: [subject(random)],
	};
	return Object.fromEntries(Object.entries(all).filter(() => random.once(4)));
}
