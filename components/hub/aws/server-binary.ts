import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import type { Architecture } from "../../../config/aws";
import type { ServerEdition } from "../../../config/model";

/** A nats-server for the hub's machines, on this one. */
export interface ServerBinary {
	readonly path: string;
	/** Hexadecimal. */
	readonly sha256: string;
	/** For example `2.15.2+leafline.4`. */
	readonly version: string;
}

/**
 * The server that `npm run up` and `npm run server` provide, or the one that LEAFLINE_SERVER names. Makes nothing, and
 * takes some 30 ms, for it is read to compute its hash.
 * @throws pulumi.RunError that says what to run when it is not there, or what is wrong with the one that is named
 */
export function serverBinary(
	architecture: Architecture,
	edition: ServerEdition,
	env: NodeJS.ProcessEnv = process.env,
): ServerBinary {
	const { findServer } = require(join(toolchain(), "server.js")) as {
		findServer(architecture: Architecture, env: NodeJS.ProcessEnv, edition: ServerEdition): ServerBinary | undefined;
	};
	let found: ServerBinary | undefined;
	try {
		found = findServer(architecture, env, edition);
	} catch (error) {
		throw mistake((error as Error).message);
	}
	if (found) return found;
	const words = edition === "official" ? `${architecture} official` : architecture;
	throw mistake(
		`there is no nats-server for the hub's machines (${architecture}); run: npm run server -- ${words}\n` +
			"or set LEAFLINE_SERVER to the path of one",
	);
}

/** Folder `toolchain` of the package, whose build lies one folder deeper than its sources. */
function toolchain(): string {
	let folder = __dirname;
	while (!existsSync(join(folder, "toolchain", "server.js"))) {
		if (dirname(folder) === folder)
			throw new Error("the package leafline is incomplete: toolchain/server.js is missing");
		folder = dirname(folder);
	}
	return join(folder, "toolchain");
}

/** Shown without a stack trace, which takes Node 20 half a minute to format. */
function mistake(text: string): RunError {
	const error = new RunError(text);
	Reflect.deleteProperty(error, "stack");
	return error;
}
