import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "../../config/document";
import type { LocatedProblem } from "../../config/errors";
import { UserError } from "../errors";

/** A stack's settings as its file has them. */
export interface StackSettings {
	/** Path from the project's folder. */
	readonly file: string;
	/** Namespace `leafline`, without the namespace. Values that only the stack's key can open are left out. */
	readonly raw: Readonly<Record<string, unknown>>;
	/** What is no YAML. */
	readonly problems: readonly LocatedProblem[];
}

const NAMESPACE = "leafline:";

/**
 * Reads `Pulumi.<stack>.yaml` without the engine. The local stack's file is made from `stacks/local.yaml` when it first
 * comes up, so that stands for it until then.
 *
 * @throws UserError when the stack has no settings, or its name is none
 */
export function readStackSettings(root: string, stack: string): StackSettings {
	if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) throw new UserError(`${JSON.stringify(stack)} is no name of a stack`);
	const candidates = [`Pulumi.${stack}.yaml`, `stacks/${stack}.yaml`];
	const file = candidates.find((name) => existsSync(join(root, name)));
	if (file === undefined) throw new UserError(`there is no stack ${stack}: ${candidates[0]} does not exist`);
	const { value, issues } = parseYaml(readFileSync(join(root, file), "utf8"));
	const problems = issues.map(
		({ path, message, remedy, place }): LocatedProblem => ({
			path,
			message,
			remedy,
			document: "settings",
			file,
			...(place && { place }),
		}),
	);
	const config = isMap(value) && isMap(value.config) ? value.config : {};
	const own = Object.entries(config).filter(([key, given]) => key.startsWith(NAMESPACE) && !isSecure(given));
	return { file, problems, raw: Object.fromEntries(own.map(([key, given]) => [key.slice(NAMESPACE.length), given])) };
}

function isMap(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{ secure: … }` is what the engine writes for an encrypted value. */
function isSecure(value: unknown): boolean {
	return isMap(value) && Object.keys(value).length === 1 && typeof value.secure === "string";
}
