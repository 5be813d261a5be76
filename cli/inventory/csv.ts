import type { InventoryOutput } from "../../contract/inventory";

const COLUMNS = [
	"device",
	"label",
	"environment",
	"fleet",
	"group",
	"hardware",
	"arch",
	"client_port",
	"classes",
	"draining",
	"pending",
] as const;

/** A line a device (RFC 4180), with a line of names first; several classes have a space between them. */
export function inventoryCsv({ environment, fleet, devices }: InventoryOutput): string {
	const rows = Object.entries(devices).map(
		([name, it]): Record<(typeof COLUMNS)[number], string> => ({
			device: name,
			label: it.label ?? "",
			environment,
			fleet,
			group: it.group,
			hardware: it.hardware ?? "",
			arch: it.arch ?? "",
			client_port: it.clientPort === undefined ? "" : String(it.clientPort),
			classes: it.classes.join(" "),
			draining: it.draining ? "yes" : "",
			pending: it.pending ?? "",
		}),
	);
	return [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(","))]
		.map((line) => `${line}\r\n`)
		.join("");
}

/** A spreadsheet takes what begins with one of these for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(text: string): string {
	const plain = FORMULA.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
