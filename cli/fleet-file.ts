import { readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { setField } from "../config/edit";
import { removeDevice } from "../config/edit-devices";
import { removeField } from "../config/edit-remove";
import { ConfigError } from "../config/errors";
import { openFleet, parseFleet } from "../config/fleet";
import type { Fleet } from "../config/model";
import { readStackFile } from "../config/stack-file";
import { UserError } from "./errors";

/** A stack's fleet file, to be edited as a person would: nothing else in it changes. */
export interface FleetFile {
	/** Path from the project's folder, for messages. */
	readonly name: string;
	readonly fleet: Fleet;
	/** A number that stands in it as it is now. @default 0 */
	number(path: readonly string[]): number;
	/**
	 * Sets one field. Nothing is written before `save()`.
	 * @throws UserError when the file is written so that a person has to do it
	 */
	set(path: readonly string[], value: string | number): void;
	/**
	 * Takes one field out, and the maps that it leaves empty. Nothing is written before `save()`.
	 * @throws UserError when the file is written so that a person has to do it
	 */
	remove(path: readonly string[]): void;
	/** Takes a device out of its group, and what is said of it alone. @throws UserError as `remove()` */
	takeOut(device: string): void;
	/** @throws ConfigError when what would be written is no fleet */
	save(): void;
}

/**
 * @param root folder of the project
 * @throws UserError when the stack has no settings here; ConfigError when the file cannot be read, or has mistakes
 */
export function openFleetFile(root: string, stack: string): FleetFile {
	const name = readStackFile(root, stack)?.raw.fleet;
	if (typeof name !== "string") {
		const remedy = "run this in the folder of the project";
		throw new UserError(`stack ${stack} has no settings in ${root} that name a fleet file; ${remedy}`);
	}
	const path = join(root, name);
	const { fleet } = openFleet(path);
	let text = readFileSync(path, "utf8");
	const edit = (edited: string | undefined, what: string) => {
		if (edited === undefined) throw new UserError(`${name} is written so that only a person can change it: ${what}`);
		text = edited;
	};
	return {
		name,
		fleet,
		number: (field) => {
			const value = parseDocument(text).getIn(field);
			return typeof value === "number" ? value : 0;
		},
		set: (field, value) => {
			edit(setField(text, field, value), `write ${field.join(".")}: ${value}`);
		},
		remove: (field) => {
			edit(removeField(text, field), `take ${field.join(".")} out`);
		},
		takeOut: (device) => {
			const group = fleet.devices[device]?.group ?? "";
			edit(removeDevice(text, group, device), `take ${device} out of groups.${group}.devices`);
			edit(removeField(text, ["devices", device]), `take devices.${device} out`);
		},
		save: () => {
			const { problems } = parseFleet(text, name);
			if (problems.length > 0) throw new ConfigError(problems);
			replace(realpathSync(path), text);
		},
	};
}

/** Whole or not at all, for whoever could read it before. */
function replace(path: string, text: string): void {
	const beside = `${path}.new`;
	writeFileSync(beside, text, { mode: statSync(path).mode });
	renameSync(beside, path);
}
