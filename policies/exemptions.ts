import type { Exemption, Origin } from "./model";

/** Whether the exemption speaks of this thing: its label or its URN, where `*` stands for any text. */
export function speaksOf({ resource }: Exemption, { label, urn }: Origin): boolean {
	return matches(resource, label) || (urn !== undefined && matches(resource, urn));
}

/** An exemption holds through its last day. What is no date, or no day of the calendar, never holds. */
export function isExpired({ expires }: Exemption, today: string): boolean {
	return !isDay(expires) || expires < today;
}

/** Whether the text is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
	const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
	return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** For people, and for the findings about it. */
export function exemptionOrigin({ rule, resource }: Exemption): Origin {
	return { label: `exemption of ${resource} from ${rule}` };
}

/** Greedy from left to right, so that a pattern of many stars takes no longer than the text is long. */
function matches(pattern: string, text: string): boolean {
	const [first = "", ...rest] = pattern.split("*");
	const last = rest.pop();
	if (last === undefined) {
		return pattern === text;
	}
	if (!text.startsWith(first) || text.length < first.length + last.length) {
		return false;
	}
	let at = first.length;
	for (const part of rest) {
		const found = text.indexOf(part, at);
		if (found === -1) {
			return false;
		}
		at = found + part.length;
	}
	return text.length - last.length >= at && text.endsWith(last);
}
