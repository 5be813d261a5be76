import type { LeaflineOutput } from "../../../contract/outputs";
import { MOST_OF_A_KIND } from "../../../topology/journal";
import { moment, plural } from "../../format";
import { groupBy, type JournalEntry } from "../journal/entry";
import type { Note } from "./note";

/** Links and logins are looked at for a day. */
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** So many in an hour are no accident. */
const MANY = 100;
/** A server that connects again before the hub has noticed that its old link is gone replaces that, now and then. */
const OFTEN = 5;

const REPLACED = "Duplicate Remote LeafNode Connection";
/** Why a server closes the link of somebody who takes more than there is for one. */
const TOO_MUCH = /^(Slow Consumer|Maximum |Protocol Violation|Parse Error)/i;

/** The account of the devices' leaf connections, as its JWT names it. */
const DEVICES = "DEVICES";

/**
 * Notes on logins that were refused, links that were taken from their device, and those that were too much.
 * @param told all that the journal has, and what of it is news
 */
export function linkNotes(
	outputs: LeaflineOutput,
	told: { readonly entries: readonly JournalEntry[]; readonly news: readonly JournalEntry[] },
	now: number,
): Note[] {
	const ofToday = ({ at }: JournalEntry) => now - at < DAY_MS;
	const entries = told.news.filter(ofToday);
	return [
		...refusedNotes(entries, outputs, now),
		...replacedNotes(entries, told.entries.filter(ofToday), now),
		...namesakeNotes(entries),
		...floodNotes(entries, now),
	];
}

function refusedNotes(entries: readonly JournalEntry[], outputs: LeaflineOutput, now: number): Note[] {
	const refused = entries.filter(({ what }) => what.kind === "refused");
	// What is beyond that is gone: then the first that is left says since when there were so many.
	const atLeast = refused.length >= MOST_OF_A_KIND ? "at least " : "";
	const groups = largest(refused, ({ client, reason }) => [client?.host, claimed(client), reason].join("\n"));
	return groups.map((group): Note => {
		const [{ client, reason, at } = {}] = group.slice(-1);
		const lately = group.filter(({ at }) => now - at < HOUR_MS).length;
		const name = claimed(client);
		const as = name ? ` as ${name}` : "";
		const why = { lost: ": it is retired: lost", drain: "", none: "" }[outputs.devices[name]?.retired ?? "none"];
		const from = `from ${client?.host || "an unknown address"}${as}, ${reason || "no reason given"}${why}`;
		const text = `${atLeast}${plural(group.length, "login")} refused since ${moment(group[0]?.at ?? 0)} ${from}; last at ${moment(at ?? 0)}`;
		const many = lately >= MANY;
		const remedy = many ? ": somebody tries; keep that address from port 7422" : "";
		return { code: "refused-logins", text: `${text}${remedy}`, needsHand: many };
	});
}

/** Of a login that was refused, nobody has verified it. */
const claimed = (client: JournalEntry["client"]) => client?.user || client?.name || "";

/** A device's link that ended because another one came under its name. */
function replacedNotes(entries: readonly JournalEntry[], all: readonly JournalEntry[], now: number): Note[] {
	const replaced = entries.filter(({ what, reason }) => what.kind === "disconnect" && reason === REPLACED);
	return largest(replaced, ({ client }) => client?.name ?? "").flatMap((group): Note[] => {
		const [last] = group.slice(-1);
		if (!last?.client) return [];
		const { name } = last.client;
		// A device is called as its credentials are; both lose the link in turns.
		const stranger = all.findLast(
			({ what, client }) => what.kind === "connect" && client?.name === name && client.user !== name,
		)?.client;
		const lately = group.filter(({ at }) => now - at < HOUR_MS).length;
		if (!stranger && lately < OFTEN) return [];
		const whose = stranger ? ` from ${stranger.host} with the credentials of ${stranger.user}` : "";
		const remedy = stranger
			? `retire ${stranger.user} as lost, and see who has its credentials`
			: "do two servers run with the same credentials? A card that was copied, or an old unit that still runs";
		const text = `${name}: its link was closed ${plural(group.length, "time")} because another one came under its name${whose}: ${remedy}`;
		return [{ code: "evicted", text, needsHand: true }];
	});
}

/** Somebody with a device's credentials who calls itself otherwise; its rights are those of its credentials. */
function namesakeNotes(entries: readonly JournalEntry[]): Note[] {
	const odd = entries.filter(
		({ what, client }) => what.kind === "connect" && client?.account === DEVICES && client.name !== client.user,
	);
	return largest(odd, ({ client }) => `${client?.user}\n${client?.name}`).flatMap((group): Note[] => {
		const [last] = group.slice(-1);
		if (!last?.client) return [];
		const { user, name, host } = last.client;
		const text = `the credentials of ${user} were used by a server that calls itself ${name || "nothing"}, ${plural(group.length, "time")}, last at ${moment(last.at)} from ${host}: a device that was set up with another's file, or a thief; then retire ${user} as lost`;
		return [{ code: "wrong-name", text, needsHand: true }];
	});
}

function whyClosed(reason = ""): string {
	return /^Protocol Violation/i.test(reason)
		? "leafline doctor shows credentials in this way, to see whether they are good; or a program that is no leaf node"
		: "A link slower than what it is sent, or a program that asks for too much";
}

function floodNotes(entries: readonly JournalEntry[], now: number): Note[] {
	const closed = entries.filter(({ what, reason }) => what.kind === "disconnect" && TOO_MUCH.test(reason ?? ""));
	return largest(closed, ({ client, reason }) => `${client?.name}\n${client?.user}\n${reason}`).flatMap(
		(group): Note[] => {
			const [last] = group.slice(-1);
			if (!last?.client) return [];
			const { name, user, host } = last.client;
			const lately = group.filter(({ at }) => now - at < HOUR_MS).length;
			const text = `${name || user} from ${host}: the hub closed its link ${plural(group.length, "time")}: ${last.reason}; last at ${moment(last.at)}. ${whyClosed(last.reason)}`;
			return [{ code: "closed-by-hub", text, needsHand: lately >= OFTEN }];
		},
	);
}

/** The largest group first. */
function largest(entries: readonly JournalEntry[], key: (entry: JournalEntry) => string): JournalEntry[][] {
	return groupBy(entries, key).sort((a, b) => b.length - a.length);
}
