import type { InventoryOutput } from "../../contract/inventory";
import { plural } from "../format";
import { table } from "../table";
import { ansibleHost, ansibleList } from "./ansible";
import { inventoryCsv } from "./csv";
import { fileSd } from "./file-sd";

export const FORMATS = ["table", "json", "ansible", "csv", "file_sd"] as const;
export type Format = (typeof FORMATS)[number];

export interface TextOptions {
	/** For Ansible: of this device alone. @default all */
	readonly host?: string;
	/** For Prometheus: where a device's exporter listens, with `{device}` for its name. */
	readonly target: string;
}

/** What `leafline inventory` prints. */
export function inventoryText(inventory: InventoryOutput, format: Format, { host, target }: TextOptions): string {
	switch (format) {
		case "json":
			return `${JSON.stringify(inventory)}\n`;
		case "ansible":
			return `${JSON.stringify(host === undefined ? ansibleList(inventory) : ansibleHost(inventory, host), undefined, 2)}\n`;
		case "csv":
			return inventoryCsv(inventory);
		case "file_sd":
			return `${JSON.stringify(fileSd(inventory, target), undefined, 2)}\n`;
		default:
			return `${inventoryTable(inventory).join("\n")}\n`;
	}
}

function inventoryTable({ environment, fleet, devices }: InventoryOutput): string[] {
	const all = Object.entries(devices);
	const columns = ["device", "label", "group", "hardware", "arch", "classes"].map((title) => ({
		title,
		align: "left" as const,
	}));
	const rows = all.map(([name, { label = "", group, hardware = "?", arch = "?", classes, draining }]) => [
		draining ? `${name} (drain)` : name,
		label,
		group,
		hardware,
		arch,
		classes.join(" "),
	]);
	return [`leafline · ${environment} · fleet ${fleet}, ${plural(all.length, "device")}`, "", ...table(columns, rows)];
}
