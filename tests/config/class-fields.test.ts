import { describe, expect, it } from "vitest";
import { complaint } from "./compliant";

interface Case {
	readonly name: string;
	readonly from: string;
	readonly to: string;
	readonly says: string;
}

/** Fields of a class and of a device: each test breaks one thing in a compliant file. */
const CASES: readonly Case[] = [
	{
		name: "a rate without a unit",
		from: "rate: 20/s",
		to: "rate: 2000",
		says: "x.yaml:16:11  classes.can.rate: 2000 has no unit; write 2000/s",
	},
	{
		name: "a rate without a unit, in quotes",
		from: "rate: 20/s",
		to: 'rate: "2000"',
		says: 'x.yaml:16:11  classes.can.rate: "2000" has no unit; write 2000/s',
	},
	{
		name: "a rate as people say it",
		from: "rate: 20/s",
		to: "rate: 20/sec",
		says: 'x.yaml:16:11  classes.can.rate: "20/sec" is not a rate; did you mean 20/s?',
	},
	{
		name: "an unknown unit of time",
		from: "rate: 20/s",
		to: "rate: 20/fortnight",
		says: 'x.yaml:16:11  classes.can.rate: "20/fortnight" is not a rate; write a number and /s, /min, /h or /d, for example 2000/s',
	},
	{
		name: "no rate",
		from: "    rate: 20/s\n",
		to: "",
		says: "x.yaml:15:3  classes.can.rate: is missing; write for example 2000/s",
	},
	{
		name: "an empty rate",
		from: "rate: 20/s",
		to: "rate:",
		says: "x.yaml:16:5  classes.can.rate: is empty; write for example 2000/s",
	},
	{
		name: "a map for a rate",
		from: "rate: 20/s",
		to: "rate: { a: 1 }",
		says: "x.yaml:16:5  classes.can.rate: a map is not a rate; write a number and /s, /min, /h or /d, for example 2000/s",
	},
	{
		name: "a rate of zero",
		from: "rate: 20/s",
		to: "rate: 0/s",
		says: 'x.yaml:16:11  classes.can.rate: "0/s" is nothing; write for example 2000/s',
	},
	{
		name: "a message bigger than the server takes",
		from: "size: 1600B",
		to: "size: 5MB",
		says: 'x.yaml:17:11  classes.can.size: "5MB" is too much; write at most 1022KiB',
	},
	{
		name: "a misspelt key",
		from: "whenFull: refuse",
		to: "whenful: refuse",
		says: "x.yaml:19:5  classes.can.whenful: unknown key; did you mean whenFull?",
	},
	{
		name: "an unknown choice",
		from: "whenFull: refuse",
		to: "whenFull: refuze",
		says: 'x.yaml:19:15  classes.can.whenFull: "refuze" is not known; did you mean refuse?',
	},
	{
		name: "a choice that is far off",
		from: "whenFull: refuse",
		to: "whenFull: panic",
		says: 'x.yaml:19:15  classes.can.whenFull: "panic" is not known; write refuse or drop-oldest',
	},
	{
		name: "another retention",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    retention: workqueue",
		says: "x.yaml:20:5  classes.can.retention: unknown key; leafline's streams always keep messages until their limits (retention limits): workqueue and interest lose them",
	},
	{
		name: "a key of the hub's",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    keep: 7d",
		says: "x.yaml:20:5  classes.can.keep: unknown key; keep is a matter of the hub: write hub: { keep: 7d }",
	},
	{
		name: "discard, as JetStream calls it",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    discard: new",
		says: "x.yaml:20:5  classes.can.discard: unknown key; write whenFull: refuse, or whenFull: drop-oldest",
	},
	{
		name: "an unknown key",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    colour: blue",
		says: "x.yaml:20:5  classes.can.colour: unknown key; known here: rate, size, accepts, priority, whenFull, storage, sync, maxAge, delay, shards, hub",
	},
	{
		name: "two replicas",
		from: "keep: 12h",
		to: "keep: 12h\n      replicas: 2",
		says: "x.yaml:22:17  classes.can.hub.replicas: 2 is not possible; write 1 or 3",
	},
	{
		name: "another retention at the hub",
		from: "keep: 12h",
		to: "retention: interest",
		says: "x.yaml:21:7  classes.can.hub.retention: unknown key; leafline's streams always keep messages until their limits (retention limits): workqueue and interest lose them",
	},
	{
		name: "a hundred shards",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    shards: 100",
		says: "x.yaml:20:13  classes.can.shards: 100 is not possible; write a whole number from 1 to 99",
	},
	{
		name: "a retired device in no known way",
		from: "retired: drain",
		to: "retired: true",
		says: "x.yaml:47:14  devices.truck-002.retired: true is not known; write drain or lost",
	},
	{
		name: "a public key that is none",
		from: "retired: drain",
		to: "publicKey: UABC",
		says: 'x.yaml:47:16  devices.truck-002.publicKey: "UABC" is not the public key of a NATS user; write for example UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
	},
];

describe("class fields", () => {
	it.each(CASES)("$name", ({ from, to, says }) => {
		expect(complaint(from, to)).toBe(says);
	});
});
