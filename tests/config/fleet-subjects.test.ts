import { describe, expect, it } from "vitest";
import { complaint } from "./compliant";

interface Case {
	readonly name: string;
	readonly from: string;
	readonly to: string;
	readonly says: string;
}

/** Subjects that a class accepts and that consumers filter by: each test breaks one thing in a compliant file. */
const CASES: readonly Case[] = [
	{
		name: "two subjects",
		from: "accepts: vehicle.>",
		to: "accepts: [a.>, b.>]",
		says: "x.yaml:18:5  classes.can.accepts: has 2 subjects, and a stream can take in one; accept a wider subject, or make a class for each",
	},
	{
		name: "a number",
		from: "accepts: vehicle.>",
		to: "accepts: 7",
		says: "x.yaml:18:14  classes.can.accepts: 7 is not a subject; write for example vehicle.>",
	},
	{
		name: "a subject of NATS",
		from: "accepts: vehicle.>",
		to: "accepts: $JS.>",
		says: 'x.yaml:18:14  classes.can.accepts: "$JS.>" belongs to NATS itself; accept subjects that start with a word',
	},
	{
		name: "an inbox",
		from: "accepts: vehicle.>",
		to: "accepts: _INBOX.>",
		says: 'x.yaml:18:14  classes.can.accepts: "_INBOX.>" belongs to NATS itself; accept subjects that start with a word',
	},
	{
		name: "every subject",
		from: "accepts: vehicle.>",
		to: 'accepts: ">"',
		says: 'x.yaml:18:14  classes.can.accepts: ">" takes in subjects of others as well; start with a word, for example vehicle.>',
	},
	{
		name: "any first token",
		from: "accepts: vehicle.>",
		to: 'accepts: "*.a"',
		says: 'x.yaml:18:14  classes.can.accepts: "*.a" takes in subjects of others as well; start with a word, for example vehicle.>',
	},
	{
		name: "an empty token",
		from: "accepts: vehicle.>",
		to: "accepts: a..b",
		says: 'x.yaml:18:14  classes.can.accepts: "a..b" has an empty token; put one dot between two words',
	},
	{
		name: "a leading dot",
		from: "accepts: vehicle.>",
		to: "accepts: .a",
		says: 'x.yaml:18:14  classes.can.accepts: ".a" has an empty token; put one dot between two words',
	},
	{
		name: "a space",
		from: "accepts: vehicle.>",
		to: "accepts: a b",
		says: 'x.yaml:18:14  classes.can.accepts: "a b" is not a subject; use plain ASCII without spaces',
	},
	{
		name: "MQTT's wildcards",
		from: "accepts: vehicle.>",
		to: "accepts: sensor/+/temperature/#",
		says: 'x.yaml:18:14  classes.can.accepts: "sensor/+/temperature/#" is MQTT\'s syntax, which matches nothing here; write sensor.*.temperature.>',
	},
	{
		name: "MQTT's syntax with a dot within a level",
		from: "accepts: vehicle.>",
		to: "accepts: spBv1.0/+/NDATA/#",
		says: "x.yaml:18:14  classes.can.accepts: \"spBv1.0/+/NDATA/#\" is MQTT's syntax, which matches nothing here; write spBv1.0.*.NDATA.>, or spBv1//0.*.NDATA.> for what comes in through a server's MQTT port; see docs/fleet.md",
	},
	{
		name: "MQTT's topic, without a wildcard",
		from: "accepts: vehicle.>",
		to: "accepts: vehicle/speed",
		says: 'x.yaml:18:14  classes.can.accepts: "vehicle/speed" is MQTT\'s syntax, which matches nothing here; write vehicle.speed',
	},
	{
		name: "MQTT's topic with a slash before it",
		from: "accepts: vehicle.>",
		to: "accepts: /vehicle/#",
		says: "x.yaml:18:14  classes.can.accepts: \"/vehicle/#\" is MQTT's syntax, which matches nothing here; write vehicle.>, or /.vehicle.> for what comes in through a server's MQTT port; see docs/fleet.md",
	},
	{
		name: "MQTT's wildcard between dots",
		from: "accepts: vehicle.>",
		to: "accepts: vehicle.+",
		says: 'x.yaml:18:14  classes.can.accepts: "vehicle.+" is MQTT\'s syntax, which matches nothing here; write vehicle.*',
	},
	{
		name: "everything, in MQTT's syntax",
		from: "accepts: vehicle.>",
		to: 'accepts: "#"',
		says: 'x.yaml:18:14  classes.can.accepts: "#" is MQTT\'s syntax, which matches nothing here; start with a word, for example vehicle.>',
	},
	{
		name: "a filter in MQTT's syntax",
		from: "deliver: all",
		to: "deliver: all\n    filter: truck-001/can/#",
		says: 'x.yaml:34:13  consumers.lake.filter: "truck-001/can/#" is MQTT\'s syntax, which matches nothing here; write truck-001.can.>',
	},
	{
		name: "a filter of what programs publish, in MQTT's syntax",
		from: "deliver: all",
		to: "deliver: all\n    filter: vehicle/+/speed",
		says: 'x.yaml:34:13  consumers.lake.filter: "vehicle/+/speed" is MQTT\'s syntax, which matches nothing here; write *.can.vehicle.*.speed',
	},
	{
		name: "> in the middle",
		from: "accepts: vehicle.>",
		to: "accepts: a.>.b",
		says: 'x.yaml:18:14  classes.can.accepts: "a.>.b" has > in the middle; > stands last, and * for one token',
	},
	{
		name: "a wildcard inside a word",
		from: "accepts: vehicle.>",
		to: "accepts: a.b*",
		says: 'x.yaml:18:14  classes.can.accepts: "a.b*" has a wildcard inside a word; make * or > a token of its own',
	},
	{
		name: "17 tokens, device and class included",
		from: "accepts: vehicle.>",
		to: "accepts: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o",
		says: 'x.yaml:18:14  classes.can.accepts: "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o" becomes a subject with 17 tokens, device and class included; use at most 14 tokens',
	},
	{
		name: "17 tokens, the wildcard's included",
		from: "accepts: vehicle.>",
		to: "accepts: a.b.c.d.e.f.g.h.i.j.k.l.m.n.>",
		says: 'x.yaml:18:14  classes.can.accepts: "a.b.c.d.e.f.g.h.i.j.k.l.m.n.>" becomes a subject with 17 tokens, device and class included; use at most 14 tokens',
	},
	{
		name: "subjects of leafline's own",
		from: "accepts: vehicle.>",
		to: "accepts: deliver.x",
		says: 'x.yaml:18:14  classes.can.accepts: "deliver.x" starts with deliver, which leafline uses itself; accept another subject',
	},
	{
		name: "letters beyond ASCII",
		from: "accepts: vehicle.>",
		to: "accepts: größe.>",
		says: 'x.yaml:18:14  classes.can.accepts: "größe.>" is not a subject; use plain ASCII without spaces',
	},
	{
		name: "a filter of another class",
		from: "deliver: all",
		to: "deliver: all\n    filter: truck-001.debug.>",
		says: 'x.yaml:34:13  consumers.lake.filter: "truck-001.debug.>" matches nothing of class can; its subjects are <device>.can.>, for all devices *.can.>',
	},
	{
		name: "a filter without a class",
		from: "deliver: all",
		to: "deliver: all\n    filter: truck-001",
		says: 'x.yaml:34:13  consumers.lake.filter: "truck-001" matches nothing of class can; its subjects are <device>.can.>, for all devices *.can.>',
	},
	{
		name: "a filter that is no subject",
		from: "deliver: all",
		to: "deliver: all\n    filter: truck-001..can",
		says: 'x.yaml:34:13  consumers.lake.filter: "truck-001..can" has an empty token; put one dot between two words',
	},
	{
		name: "a filter of 17 tokens",
		from: "deliver: all",
		to: "deliver: all\n    filter: truck-001.can.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o",
		says: 'x.yaml:34:13  consumers.lake.filter: "truck-001.can.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o" has 17 tokens; use at most 16',
	},
];

describe("fleet subjects", () => {
	it.each(CASES)("$name", ({ from, to, says }) => {
		expect(complaint(from, to)).toBe(says);
	});
});
