import { expect, test } from "vitest";
import { frame, Screen } from "../../cli/screen";

const ESCAPE = String.fromCharCode(27);
const PARTS = new RegExp(`${ESCAPE}\\[\\??\\d*[A-Za-z]|\\n|[^${ESCAPE}\\n]+`, "g");
const CURSOR_UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);

/** What a terminal of these frames would show: enough of one to follow cursor up, clear line and clear below. */
class Terminal {
	readonly columns = 20;
	readonly rows = 6;
	readonly lines: string[] = [""];
	private row = 0;
	cursorHidden = false;

	write(text: string): boolean {
		for (const [part] of text.matchAll(PARTS)) this.take(part);
		return true;
	}

	private take(part: string): void {
		const up = CURSOR_UP.exec(part);
		if (up) this.row -= Number(up[1]);
		else if (part === "\x1b[?25l") this.cursorHidden = true;
		else if (part === "\x1b[?25h") this.cursorHidden = false;
		else if (part === "\x1b[J") this.lines.splice(this.row, this.lines.length, "");
		else if (part === "\n") this.row++;
		else if (part !== "\x1b[K") this.lines[this.row] = part;
		this.lines[this.row] ??= "";
	}
}

const make = () => {
	const terminal = new Terminal();
	return { terminal, screen: new Screen(terminal as unknown as ConstructorParameters<typeof Screen>[0]) };
};

test("lines replace those before, also when there are fewer", () => {
	const { terminal, screen } = make();
	terminal.write("heading\n");
	screen.draw(["one", "two", "three"]);
	expect(terminal.lines).toEqual(["heading", "one", "two", "three", ""]);
	screen.draw(["ONE", "TWO"]);
	expect(terminal.lines).toEqual(["heading", "ONE", "TWO", ""]);
});

test("lines that do not fit are cut, for they would wrap and shift", () => {
	const { terminal, screen } = make();
	screen.draw(["123456789012345678901234567890", "a", "b", "c", "d", "e", "f"]);
	expect(terminal.lines).toEqual(["1234567890123456789", "a", "b", "c", "d", ""]);
});

test("the cursor is hidden while it draws, and comes back", () => {
	const { terminal, screen } = make();
	screen.draw(["one"]);
	expect(terminal.cursorHidden).toBe(true);
	screen.done();
	expect(terminal.cursorHidden).toBe(false);
});

test("a frame is one write that never clears what it then draws again", () => {
	expect(frame(["a", "b"], 2)).toBe("\x1b[?25l\x1b[2Aa\x1b[K\nb\x1b[K\n\x1b[J");
});
