import { ACTORS, type Actor, STRANGERS } from "./actors";
import { cellsOf, reachable } from "./cells";

/** Something that somebody can do all the same. */
export interface Reach {
	/** What they have. */
	readonly who: string;
	readonly can: string;
	readonly to: string;
	/** Where it is bounded, seen or shown. */
	readonly bounds: string;
	/** What it would cost to mend. */
	readonly mend: string;
}

const DEVICE = "a stolen device's credentials";
const READER = "a reader's credentials";
const PROGRAM = "a program on a device";

/** Everything that is left. What is not here, the matrix shows to have no effect. */
export const REACH: readonly Reach[] = [
	{
		who: DEVICE,
		can: "store anything under the device's own name, or under none",
		to: "readers of that class",
		bounds: "the hub's header names the true stream ([who wrote a message](#who-wrote-a-message))",
		mend: "nothing: it is what the device is for",
	},
	{
		who: DEVICE,
		can: "keep back, invent, reorder or forget the device's own data, and answer for its own streams as it likes",
		to: "that device's data",
		bounds: "answers are validated, and a device that lies is one failed device",
		mend: "nothing short of signing in hardware",
	},
	{
		who: DEVICE,
		can: "read the commands for that device, and have them delivered again or never",
		to: "that device's commands",
		bounds: "those of other devices are neither heard nor moved",
		mend: "nothing: it is what the device is for",
	},
	{
		who: DEVICE,
		can: "send more than planned, until the hub's stream of a class is full",
		to: "the devices of the same shard, at most 64: they wait, and lose nothing while their buffers last",
		bounds: "`status` and the stream's size show it; revoking the device ends it",
		mend: "a stream of its own for each device, at the price of as many streams; or a limit of rate, which nats-server has not",
	},
	{
		who: DEVICE,
		can: "use up the device's own connections, subscriptions and share of the hub's processor",
		to: "nobody up to the limits of its role",
		bounds: "refused connections are in the journal",
		mend: "a rate limit in front of port 7422",
	},
	{
		who: PROGRAM,
		can: "publish into the device's classes, read what its streams hold, and use up its memory and the rest of its buffer",
		to: "that device's data and its other programs",
		bounds: "it changes no stream or consumer that the hub sources, and reaches no other device and nothing at the hub",
		mend: "users with passwords for the programs, as soon as they can be changed",
	},
	{
		who: READER,
		can: "read and acknowledge what its own consumer is given",
		to: "other users of the same consumer",
		bounds: "other consumers are not touched",
		mend: "a consumer for each reader: one line of the fleet file",
	},
];

/** One row for each actor: how much was tried, and how much of it had no effect. */
function tried({ name, ...actor }: Actor): string {
	const cells = cellsOf({ ...actor });
	const controlled = cells.filter((cell) => reachable(cell, actor));
	const subjects = new Set(cells.map(({ target }) => target.subject));
	return `| ${name} | ${subjects.size} | ${actor.deputies.length + 2} | ${cells.length} | ${controlled.length} |`;
}

/** The part of docs/security.md that this module holds. */
export function reachPage(): string {
	return [
		"| with | can | to | bounded by | what it would cost to mend |",
		"|---|---|---|---|---|",
		...REACH.map(({ who, can, to, bounds, mend }) => `| ${who} | ${can} | ${to} | ${bounds} | ${mend} |`),
		"",
		"What is not in this table was tried and had no effect: on no stream, no consumer, no account, no link, and nobody heard",
		"anything. Each attempt is one subject, said in one way: published, asked with a reply of one's own, or named to somebody",
		"with more rights. Those of the last column succeed where nothing is protected; the others do not even there.",
		"",
		"| who | subjects | ways | attempts | with a control |",
		"|---|---|---|---|---|",
		...ACTORS.map(tried),
		"",
		`Refused before anything that they say is read, which was tried with every attempt of a stolen device: ${STRANGERS.map(({ name }) => name).join(", ")}.`,
		"",
	].join("\n");
}
