import { type Command, Option } from "commander";
import { UserError } from "../errors";
import { type Common, command, outputsOf } from "../options";
import { DEFAULT_TARGET } from "./file-sd";
import { inventoryOf } from "./inventory";
import { FORMATS, type Format, inventoryText } from "./text";

interface Flags extends Common {
	readonly list?: boolean;
	readonly host?: string;
	readonly json?: boolean;
	readonly format?: Format;
	readonly target: string;
}

/** `leafline inventory`: reads the stack's outputs, asks no server, and prints no secret. */
export function addInventory(leafline: Command): void {
	command(leafline, "inventory")
		.description("The fleet's devices for other programs: Ansible, Prometheus, spreadsheets")
		.option("--list", "all of it, as Ansible asks an inventory script")
		.option("--host <device>", "the variables of one device, as Ansible asks an inventory script")
		.option("--json", "one JSON object")
		.addOption(new Option("--format <format>", "how it is written (default: table)").choices(FORMATS))
		.option("--target <host:port>", "with file_sd: where a device's exporter listens", DEFAULT_TARGET)
		.action(async (flags: Flags) => {
			const format = formatOf(flags);
			process.stdout.write(inventoryText(inventoryOf((await outputsOf(flags)).leafline), format, flags));
		});
}

/** @throws UserError where two are asked for at once */
function formatOf({ list, host, json, format }: Flags): Format {
	const asked = [
		...(list ? ["--list"] : []),
		...(host === undefined ? [] : ["--host"]),
		...(json ? ["--json"] : []),
		...(format === undefined ? [] : [`--format ${format}`]),
	];
	if (asked.length > 1) throw new UserError(`${asked.join(" and ")} are two forms of one answer: give one of them`);
	if (list || host !== undefined) return "ansible";
	return json ? "json" : (format ?? "table");
}
