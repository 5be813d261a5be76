import { spawnSync } from "node:child_process";
import { HUB_SERVER_FLOOR } from "../../topology/server-floors";

/** There is no nats-server that will do. Shown without a stack trace. */
export class ServerVersionError extends Error {}

let found: string | undefined;

/**
 * Version of the `nats-server` on PATH, looked up once a process. Throws a ServerVersionError when there is none, or
 * one that is too old.
 */
export function serverVersion(): string {
	found ??= checkServerVersion(readServerVersion());
	return found;
}

/**
 * Takes what `nats-server --version` prints, undefined when there is no such program.
 * @returns for example `2.15.2`, and `2.15.2+leafline.4` of a server with leafline's change
 */
export function checkServerVersion(text: string | undefined): string {
	if (text === undefined) {
		throw new ServerVersionError(
			`there is no nats-server on PATH; install ${HUB_SERVER_FLOOR} or later: https://github.com/nats-io/nats-server/releases`,
		);
	}
	const version = /v?(\d+)\.(\d+)\.(\d+)(?:-[\w.-]+)?(\+leafline\.\d+)?/.exec(text);
	if (!version)
		throw new ServerVersionError(`nats-server --version says ${JSON.stringify(text.trim())}, not a version`);
	const numbers = version.slice(1, 4).map(Number);
	const minimum = HUB_SERVER_FLOOR.split(".").map(Number);
	const place = numbers.findIndex((number, index) => number !== minimum[index]);
	if (place >= 0 && (numbers[place] ?? 0) < (minimum[place] ?? 0)) {
		throw new ServerVersionError(
			`nats-server ${numbers.join(".")} is too old; leafline needs ${HUB_SERVER_FLOOR} or later`,
		);
	}
	return `${numbers.join(".")}${version[4] ?? ""}`;
}

function readServerVersion(): string | undefined {
	const result = spawnSync("nats-server", ["--version"], { encoding: "utf8", timeout: 10_000 });
	return result.error ? undefined : `${result.stdout}${result.stderr}`;
}
