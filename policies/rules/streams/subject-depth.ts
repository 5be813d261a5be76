import { MAX_TOKENS } from "../../../topology/names";
import { tokenCount } from "../../../topology/subjects";
import type { Rule } from "../../model";
import { complies, isFullyKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";
import { stored } from "./stored";

export const subjectDepth: Rule = {
	name: "subject-depth",
	area: "streams",
	title: `No subject has more than ${MAX_TOKENS} tokens`,
	severity: "mandatory",
	why:
		`NATS recommends at most ${MAX_TOKENS} tokens: every filter, permission and import is matched token by token, for each ` +
		"message. What counts is what is stored: the device and the class that are put before an accepted subject are two tokens of it.",
	remedy: `shorten the pattern to ${MAX_TOKENS} tokens, the device and the class included, and put details into the payload or a header`,
	neighbours: [
		"NATS documentation, Subject-Based Messaging: at most 16 tokens are recommended (https://docs.nats.io/nats-concepts/subjects)",
	],
	example: {
		fails: "classes:\n  can: { accepts: a.b.c.d.e.f.g.h.i.j.k.l.m.n.> }   # 15 tokens, stored with 17\n",
		complies: "classes:\n  can: { accepts: a.b.c.d.> }\n",
		language: "yaml",
	},
	check: eachStream(({ origin, config: { subjects, subject_transform: transform } }) => {
		if (!isFullyKnown(subjects) || !isFullyKnown(transform)) {
			return unknown(origin, `subjects of ${origin.label}`);
		}
		const all = (subjects ?? []).flatMap((subject) => [subject, ...stored(subject, transform)]);
		const deepest = all.reduce((a, b) => (tokenCount(b) > tokenCount(a) ? b : a), "");
		if (all.length === 0 || tokenCount(deepest) <= MAX_TOKENS) {
			return all.length === 0 ? undefined : complies(origin);
		}
		return violates(
			origin,
			`${origin.label} stores ${deepest}, which has ${tokenCount(deepest)} tokens: more than ${MAX_TOKENS} make every match slow`,
		);
	}),
};
