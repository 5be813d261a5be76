import { mqttRemedy, mqttSubjects } from "./mqtt";
import { show } from "./words";

interface Problem {
	readonly message: string;
	readonly remedy: string;
}

/** Tokens that a subject of leafline may have, its device and class included. */
const MOST_TOKENS = 16;

/** First tokens that NATS or leafline use themselves on a device. */
const TAKEN = ["deliver", "down", "dl"];

/**
 * What is wrong with a subject that a class accepts, undefined if nothing is. Overlaps with other classes are found by
 * `topology/`.
 */
export function acceptsProblem(subject: string): Problem | undefined {
	const mqtt = mqttSubjects(subject);
	if (mqtt) return { message: isMqtt(subject), remedy: mqttRemedy(mqtt, acceptsProblem) };
	const syntax = subjectProblem(subject);
	if (syntax) return syntax;
	const tokens = subject.split(".");
	const first = tokens[0] ?? "";
	if (first.startsWith("$") || first.startsWith("_")) {
		return { message: `${show(subject)} belongs to NATS itself`, remedy: "accept subjects that start with a word" };
	}
	if (first === "*" || first === ">") {
		return {
			message: `${show(subject)} takes in subjects of others as well`,
			remedy: "start with a word, for example vehicle.>",
		};
	}
	if (TAKEN.includes(first)) {
		return {
			message: `${show(subject)} starts with ${first}, which leafline uses itself`,
			remedy: "accept another subject",
		};
	}
	if (tokens.length + 2 > MOST_TOKENS) {
		const message = `${show(subject)} becomes a subject with ${tokens.length + 2} tokens, device and class included`;
		return { message, remedy: `use at most ${MOST_TOKENS - 2} tokens` };
	}
	return undefined;
}

/** What is wrong with the filter of a consumer on the hub's streams of a class, undefined if nothing is. */
export function filterProblem(filter: string, className: string): Problem | undefined {
	const mqtt = mqttSubjects(filter);
	if (mqtt) {
		// What programs publish on is stored behind the device and the class. Who begins with a word and then a wildcard
		// means the former.
		const stored = (subject: string) =>
			filterProblem(subject, className) || /^[^*]+\.\*/.test(subject) ? `*.${className}.${subject}` : subject;
		const subjects = { spoken: stored(mqtt.spoken), converted: stored(mqtt.converted) };
		return { message: isMqtt(filter), remedy: mqttRemedy(subjects, (subject) => filterProblem(subject, className)) };
	}
	const syntax = subjectProblem(filter);
	if (syntax) return syntax;
	const tokens = filter.split(".");
	if (tokens.length > MOST_TOKENS) {
		return { message: `${show(filter)} has ${tokens.length} tokens`, remedy: `use at most ${MOST_TOKENS}` };
	}
	const [device, second] = tokens;
	if (device === ">" || (second !== undefined && [className, "*", ">"].includes(second))) return undefined;
	return {
		message: `${show(filter)} matches nothing of class ${className}`,
		remedy: `its subjects are <device>.${className}.>, for all devices *.${className}.>`,
	};
}

const isMqtt = (text: string) => `${show(text)} is MQTT's syntax, which matches nothing here`;

function subjectProblem(subject: string): Problem | undefined {
	const tokens = subject.split(".");
	if (tokens.some((token) => token === "")) {
		return { message: `${show(subject)} has an empty token`, remedy: "put one dot between two words" };
	}
	if (!/^[\x21-\x7e]+$/.test(subject)) {
		return { message: `${show(subject)} is not a subject`, remedy: "use plain ASCII without spaces" };
	}
	const wild = tokens.find((token) => token.length > 1 && /[*>]/.test(token));
	if (wild)
		return { message: `${show(subject)} has a wildcard inside a word`, remedy: `make * or > a token of its own` };
	if (tokens.slice(0, -1).includes(">")) {
		return { message: `${show(subject)} has > in the middle`, remedy: "> stands last, and * for one token" };
	}
	return undefined;
}
