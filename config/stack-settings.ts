/**
 * A stack's settings as the engine gives them to a program, and as its files have them: one reader for both, so that
 * the offline check and the program judge the same.
 */

const NAMESPACE = "leafline:";

/**
 * The settings of namespace `leafline`, without the namespace.
 *
 * To a program every setting is a text: maps and lists are JSON, and so is what `pulumi config set` wrote as a text. What
 * is plain in the file is therefore turned into such a text first, and then read like one.
 *
 * @param config every setting by its name with the namespace, as a text or as YAML has it
 */
export function rawSettings(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
	const own = Object.entries(config).filter(([key]) => key.startsWith(NAMESPACE));
	return Object.fromEntries(own.map(([key, value]) => [key.slice(NAMESPACE.length), plain(value)]));
}

function plain(value: unknown): unknown {
	if (typeof value === "number") return String(value);
	// The engine makes an empty text of what holds nothing.
	if (typeof value !== "string") return value;
	if (value === "") return null;
	if (!/^(\{.*\}|\[.*\]|true|false)$/s.test(value)) return value;
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}
