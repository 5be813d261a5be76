import { describe, expect, it } from "vitest";
import { complaint } from "./compliant";

interface Case {
	readonly name: string;
	readonly from: string;
	readonly to: string;
	readonly says: string;
}

/** What parts of the fleet file have to do with each other: each test breaks one thing in a compliant file. */
const CASES: readonly Case[] = [
	{
		name: "a class in both directions",
		from: "  commands:",
		to: "  can:",
		says: 'x.yaml:28:3  downlink.can: "can" is the name of a class in classes as well; choose another name, for both make stream hub_<class>',
	},
	{
		name: "a class named like a shard",
		from: "  debug:",
		to: "  can_02:",
		says: 'x.yaml:22:3  classes.can_02: "can_02" cannot name a class; did you mean can02?',
	},
	{
		name: "a class with a capital",
		from: "  debug:",
		to: "  Debug:",
		says: 'x.yaml:22:3  classes.Debug: "Debug" cannot name a class; did you mean debug?',
	},
	{
		name: "the same class twice",
		from: "  debug:",
		to: "  can:",
		says: "x.yaml:22:3  classes.can: stands here twice, first on line 15; keep one of the two",
	},
	{
		name: "an age limit where nothing may be lost",
		from: "whenFull: refuse",
		to: "whenFull: refuse\n    maxAge: 1d",
		says: 'x.yaml:20:13  classes.can.maxAge: "1d" would delete messages of a class that refuses to lose any, should a clock be wrong; leave it out, or write whenFull: drop-oldest',
	},
	{
		name: "a consumer of no class",
		from: "class: can",
		to: "class: cam",
		says: 'x.yaml:32:12  consumers.lake.class: "cam" is no class of this fleet; did you mean can?',
	},
	{
		name: "a consumer of a downlink",
		from: "class: can",
		to: "class: commands",
		says: 'x.yaml:32:12  consumers.lake.class: "commands" goes to the devices; read one of classes',
	},
	{
		name: "a consumer without a class",
		from: "    class: can\n",
		to: "",
		says: "x.yaml:31:3  consumers.lake.class: is missing; write for example can",
	},
	{
		name: "a consumer that does not say where it starts",
		from: "    deliver: all\n",
		to: "",
		says: "x.yaml:31:3  consumers.lake.deliver: is missing; write all, new, last, last-per-subject or by-start-time",
	},
	{
		name: "a consumer that starts nowhere",
		from: "deliver: all",
		to: "deliver: everything",
		says: 'x.yaml:33:14  consumers.lake.deliver: "everything" is not known; write all, new, last, last-per-subject or by-start-time',
	},
	{
		name: "a start time that is missing",
		from: "deliver: all",
		to: "deliver: by-start-time",
		says: "x.yaml:31:3  consumers.lake.startTime: is missing; write for example 2026-01-31T00:00:00Z",
	},
	{
		name: "a start time that has no meaning",
		from: "deliver: all",
		to: "deliver: all\n    startTime: 2026-01-31T00:00:00Z",
		says: 'x.yaml:34:16  consumers.lake.startTime: "2026-01-31T00:00:00Z" has no meaning with deliver: all; write deliver: by-start-time',
	},
	{
		name: "a start time that is none",
		from: "deliver: all",
		to: "deliver: by-start-time\n    startTime: yesterday",
		says: 'x.yaml:34:16  consumers.lake.startTime: "yesterday" is not a time; write for example 2026-01-31T00:00:00Z',
	},
	{
		name: "a consumer's name with a dot",
		from: "  lake:",
		to: "  la.ke:",
		says: 'x.yaml:31:3  consumers."la.ke": "la.ke" cannot name a consumer; did you mean la-ke?',
	},
	{
		name: "a signing key that would end with the old ones",
		from: "fleet: quarry\n",
		to: "fleet: quarry\nsigningKey: { rotation: 1, end: 2 }\n",
		says: "x.yaml:3:33  signingKey.end: 2 would end the key that signs now, which is that of rotation 1; write 1 to end all before it, or leave it out",
	},
];

describe("fleet relations", () => {
	it.each(CASES)("$name", ({ from, to, says }) => {
		expect(complaint(from, to)).toBe(says);
	});
});
