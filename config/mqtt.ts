/**
 * Subjects that somebody wrote as MQTT's topics. To nats-server `spBv1.0/+/NDATA/#` is a subject of two tokens without
 * a wildcard, which no message will ever have: nothing fails, and nothing arrives.
 */

/** The subjects that a topic or filter of MQTT stands for. */
export interface MqttSubjects {
	/** For programs that speak NATS and write a dot where MQTT has a slash: `spBv1.0.*.NDATA.>`. */
	readonly spoken: string;
	/**
	 * For what reaches a nats-server through its MQTT port, which writes a dot within a level as `//`, so that it is not
	 * taken for the end of a token: `spBv1//0.*.NDATA.>`. The same as `spoken` where no level holds a dot or is empty.
	 */
	readonly converted: string;
}

/**
 * What a text stands for if it is written in MQTT's syntax, undefined for a subject of NATS. A slash alone, and two
 * within a word, are no sign of it: that is how nats-server itself writes an empty level and a dot.
 */
export function mqttSubjects(text: string): MqttSubjects | undefined {
	const words = text.split(".");
	const slashed = words.some((word) => word !== "/" && word.replaceAll("//", "").includes("/"));
	const wild = words.some((word) => word === "+" || word === "#");
	if (!slashed && !wild) return undefined;
	const levels = text.split(slashed ? "/" : ".").map(wildcard);
	const spoken = levels.filter((level) => level !== "").join(".");
	return { spoken, converted: slashed ? converted(levels) : spoken };
}

function wildcard(level: string): string {
	return level === "+" ? "*" : level === "#" ? ">" : level;
}

/** What `mqttToNATSSubjectConversion` of nats-server 2.15.2 (mqtt.go) makes of them; white space it refuses. */
function converted(levels: readonly string[]): string {
	return levels.map((level) => (level === "" ? "/" : level.replaceAll(".", "//"))).join(".");
}

/** What to write instead. @param allowed what is wrong with a subject, if anything is */
export function mqttRemedy(
	{ spoken, converted }: MqttSubjects,
	allowed: (subject: string) => { readonly remedy: string } | undefined,
): string {
	const [problem, other] = [allowed(spoken), allowed(converted)];
	if (problem) return problem.remedy;
	if (spoken === converted || other) return `write ${spoken}`;
	return `write ${spoken}, or ${converted} for what comes in through a server's MQTT port; see docs/fleet.md`;
}
