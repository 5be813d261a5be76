import { z } from "zod";
import { SCHEMA_VERSION, type StackOutputs, stackOutputs } from "./outputs";

/** Outputs that cannot be used. The message is one readable line or more, for the user, without a stack trace. */
export class OutputsError extends Error {
	override readonly name = "OutputsError";
}

/** What Pulumi prints in place of a secret. */
const MASKED = "[secret]";

/**
 * Reads the outputs of a stack, as text or as the parsed object of `pulumi stack output --json [--show-secrets]`.
 * Secret outputs that are masked come back as absent. Throws `OutputsError` for a stack that is not leafline's, one
 * that was never brought up, and a schema version that this program does not know.
 */
export function parseOutputs(source: string | unknown): StackOutputs {
	const outputs = record(typeof source === "string" ? parseJson(source) : source);
	if (!outputs) throw new OutputsError("the stack's outputs are not a JSON object");
	if (Object.keys(outputs).length === 0)
		throw new OutputsError("the stack has no outputs; bring it up first: npm run up");
	const leafline = record(outputs.leafline);
	if (!leafline || !("schemaVersion" in leafline)) {
		const names = Object.keys(outputs).slice(0, 5).join(", ");
		throw new OutputsError(`this is not a leafline stack: no output "leafline", only ${names}`);
	}
	checkVersion(leafline.schemaVersion);
	const { access, signing, ...rest } = outputs;
	const known = { ...rest, leafline: newest(leafline), ...shown("access", access), ...shown("signing", signing) };
	const result = stackOutputs.safeParse(known);
	if (!result.success) throw new OutputsError(`the stack's outputs are damaged:\n${z.prettifyError(result.error)}`);
	return result.data;
}

function checkVersion(version: unknown): void {
	if (typeof version === "number" && Number.isInteger(version) && version >= 1 && version <= SCHEMA_VERSION) return;
	if (typeof version === "number" && version > SCHEMA_VERSION)
		throw new OutputsError(
			`the stack was made by a newer leafline: its outputs have schema version ${version}, ` +
				`this program knows ${SCHEMA_VERSION}; update leafline`,
		);
	throw new OutputsError(`unknown schema version ${JSON.stringify(version)} in the stack's outputs`);
}

/**
 * Version 1 said nothing of the API's prefix: administrators were in the account of the streams. Until version 3 nothing
 * told what the devices' streams are made of, nor who signs bundles, until version 4 what hardware is called, and until
 * version 5 which devices take MQTT, and in which account they ask for releases; it cannot be told from the rest, and
 * stays absent.
 */
function newest(leafline: Record<string, unknown>): Record<string, unknown> {
	const hub = record(leafline.hub);
	const current = { ...leafline, schemaVersion: SCHEMA_VERSION };
	if (leafline.schemaVersion !== 1 || !hub) return current;
	return { ...current, hub: { ...hub, apiPrefix: `$JS.${hub.domain}.API` } };
}

function shown(name: string, value: unknown): Record<string, unknown> {
	return value === undefined || value === null || value === MASKED ? {} : { [name]: value };
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new OutputsError("the stack's outputs are not JSON");
	}
}

function record(value: unknown): Record<string, unknown> | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: undefined;
}
