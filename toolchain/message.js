/**
 * An error that a person can act on: shown as it stands, without a stack trace.
 */
class Message extends Error {
	/**
	 * @param {string} text what is wrong and what to do about it
	 * @param {number} [exitCode]
	 */
	constructor(text, exitCode = 1) {
		super(text);
		this.name = "Message";
		this.exitCode = exitCode;
	}
}

/** What the system may refuse and a person can mend, by its code. @type {Record<string, string>} */
const REFUSALS = {
	EACCES: "permission denied",
	EPERM: "permission denied",
	EROFS: "it is read-only",
	ENOSPC: "no space left on the disk",
	EDQUOT: "the disk quota is used up",
	ENOTDIR: "a part of the path is no folder",
};

/**
 * What to show for anything that was thrown: one line where a person can act on it, else the stack.
 *
 * @param {unknown} error
 * @returns {{ text: string, exitCode: number }}
 */
function explain(error) {
	if (error instanceof Message) return { text: error.message, exitCode: error.exitCode };
	const { code = "", path, stack } = /** @type {NodeJS.ErrnoException} */ (error);
	const refusal = REFUSALS[code];
	if (!refusal || !path) return { text: stack ?? String(error), exitCode: 1 };
	const remedy = path.includes(".cache") ? "; HOME or XDG_CACHE_HOME must name a folder that can be written to" : "";
	return { text: `cannot use ${path}: ${refusal}${remedy}`, exitCode: 1 };
}

module.exports = { Message, explain };
