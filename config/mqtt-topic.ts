/**
 * Topics of MQTT as leafline's bridge takes them: each level is a token of a subject. A level that no token can be is
 * refused and not rewritten, so that two topics never have one subject, and whoever reads finds what he looks for.
 */

/** What is wrong with a topic, and what to do. */
export interface TopicProblem {
	readonly message: string;
	readonly remedy: string;
}

/** Levels that a topic may have: `MOST_TOKENS` of `subject.ts` less device and class. */
const MOST_LEVELS = 14;

/** The subject of a topic, `vehicle.speed` for `vehicle/speed`. */
export function topicSubject(topic: string): { readonly subject: string } | TopicProblem {
	if (topic.includes("+") || topic.includes("#")) {
		return { message: "has a wildcard", remedy: "publish on a topic without + and #" };
	}
	return topicProblem(topic) ?? { subject: topic.replaceAll("/", ".") };
}

/**
 * The subjects that a filter of topics matches: two for `vehicle/#`, which is `vehicle` as well.
 */
export function filterSubjects(filter: string): { readonly subjects: readonly string[] } | TopicProblem {
	const levels = filter.split("/");
	const wrong = levels.find((level, at) =>
		level === "#" ? at < levels.length - 1 : /[+#]./.test(level) || /.[+#]/.test(level),
	);
	if (wrong !== undefined) {
		return { message: "has a wildcard in a wrong place", remedy: "+ stands for one whole level, # last for all below" };
	}
	if (levels[0] === "+" || levels[0] === "#") {
		return { message: "takes in topics of others as well", remedy: "start with a word, for example vehicle/#" };
	}
	const problem = topicProblem(levels.map((level) => (level === "+" || level === "#" ? "x" : level)).join("/"));
	if (problem) return problem;
	const subject = levels.map((level) => (level === "+" ? "*" : level === "#" ? ">" : level)).join(".");
	return { subjects: subject.endsWith(".>") ? [subject.slice(0, -2), subject] : [subject] };
}

function topicProblem(topic: string): TopicProblem | undefined {
	const levels = topic.split("/");
	if (levels.some((level) => level === "")) {
		return { message: "has an empty level", remedy: "write one slash between two words, none before them or behind" };
	}
	if (!/^[\x21-\x7e]+$/.test(topic)) {
		return { message: "has a space, or what is not plain ASCII", remedy: "use plain ASCII without spaces" };
	}
	const [odd] = /[.*>]/.exec(topic) ?? [];
	if (odd !== undefined) {
		const remedy =
			odd === "." ? "write / or _ in place of the dot, which parts the words of a subject" : `leave out ${odd}`;
		return { message: `has ${odd === "." ? "a dot" : odd} in a level`, remedy };
	}
	if (/^[$_]/.test(topic)) {
		return { message: `begins with ${topic[0]}, as what belongs to MQTT or NATS itself`, remedy: "start with a word" };
	}
	if (levels.length > MOST_LEVELS) {
		return { message: `has ${levels.length} levels`, remedy: `use at most ${MOST_LEVELS}` };
	}
	return undefined;
}
