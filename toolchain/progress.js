/**
 * What the user sees while something is prepared: one line a step with the time that it took, a line every 15 s in
 * between, and on a terminal a line that is rewritten in place. All of it goes to stderr, so that stdout belongs to
 * the command.
 */

/** @typedef {{ detail(text: string): void, done(text?: string): void, fail(): void, clear(): void }} Step */

const LINE_EVERY_MS = 15_000;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** @param {number} ms */
function elapsed(ms) {
	const seconds = ms / 1000;
	return seconds < 60
		? `${seconds.toFixed(1)}s`
		: `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/**
 * Starts a step.
 *
 * @param {string} title for example `build pulumi 3.259.0`
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Step}
 */
function step(title, stream = process.stderr) {
	const started = Date.now();
	const live = stream.isTTY === true && !process.env.CI;
	let detail = "";
	let frame = 0;
	const tail = () => `${title} ${elapsed(Date.now() - started)}${detail ? ` · ${detail}` : ""}`;
	const clear = () => live && stream.write("\r\u001b[2K");
	const timer = setInterval(
		() => {
			if (live) {
				const line = `${FRAMES[frame++ % FRAMES.length]} ${tail()}`;
				stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
			} else {
				stream.write(`… ${tail()}\n`);
			}
		},
		live ? 100 : LINE_EVERY_MS,
	);
	timer.unref();
	return {
		detail(text) {
			detail = text;
		},
		done(text = title) {
			clearInterval(timer);
			clear();
			stream.write(`✓ ${text} ${elapsed(Date.now() - started)}\n`);
		},
		clear() {
			clearInterval(timer);
			clear();
		},
		fail() {
			clearInterval(timer);
			clear();
			stream.write(`✗ ${title} ${elapsed(Date.now() - started)}\n`);
		},
	};
}

/** @param {string} text */
function note(text) {
	process.stderr.write(`${text}\n`);
}

module.exports = { step, note, elapsed };
