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

module.exports = { Message };
