/** Columns of plain text, padded to the widest cell; figures stand to the right, words to the left. */

export interface Column {
	readonly title: string;
	readonly align: "left" | "right";
	/** Least width, so that a table that is redrawn keeps still. @default as wide as its cells */
	readonly width?: number;
}

/** One line for the titles and one for each row, indented by two; nothing trails. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
	const widths = columns.map(({ title, width = 0 }, i) =>
		Math.max(title.length, width, ...rows.map((row) => row[i]?.length ?? 0)),
	);
	const line = (cells: readonly string[]) =>
		`  ${columns.map(({ align }, i) => pad(cells[i] ?? "", widths[i] ?? 0, align)).join("  ")}`.trimEnd();
	return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

function pad(text: string, width: number, align: Column["align"]): string {
	return align === "left" ? text.padEnd(width) : text.padStart(width);
}
