import type { WriteStream } from "node:tty";

/** Lines at the bottom of a terminal, redrawn in place in one write, so that nothing flickers. */
export class Screen {
	private drawn = 0;
	private started = false;
	private readonly onExit = () => this.out.write(SHOW_CURSOR);

	constructor(private readonly out: WriteStream) {}

	/** Replaces what was drawn before. Lines wider than the terminal are cut off, else they would wrap and shift. */
	draw(lines: readonly string[]): void {
		if (!this.started) {
			this.started = true;
			process.on("exit", this.onExit);
		}
		const room = Math.max(1, (this.out.rows || 24) - 1);
		const shown = lines.slice(0, room).map((line) => clip(line, (this.out.columns || 80) - 1));
		this.out.write(frame(shown, this.drawn));
		this.drawn = shown.length;
	}

	/** Leaves what is drawn and gives the terminal back. */
	done(): void {
		if (!this.started) return;
		this.started = false;
		this.drawn = 0;
		process.off("exit", this.onExit);
		this.out.write(SHOW_CURSOR);
	}
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** What turns a screen on which `drawn` lines stand into `lines`. */
export function frame(lines: readonly string[], drawn: number): string {
	return `${HIDE_CURSOR}${up(drawn)}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`;
}

function up(lines: number): string {
	return lines === 0 ? "" : `\x1b[${lines}A`;
}

function clip(line: string, width: number): string {
	return [...line].slice(0, width).join("");
}

/** Whether lines can be drawn over: not in a pipe, and not on a terminal that says it cannot. */
export function canRedraw(stream: NodeJS.WriteStream): boolean {
	return stream.isTTY === true && process.env.TERM !== "dumb";
}
