#!/usr/bin/env node
/**
 * The device program: what a nats-server on a device needs beside it so that nothing is lost.
 *
 *     leafline-device gate     before the server starts: moves streams on after an end that was not clean
 *     leafline-device seal     after the server has ended: everything on disk, and said so
 *     leafline-device keep     while it runs: reserves sequences, makes room
 *
 * `gate` and `seal` read `device.json` in the current folder, `keep` reads `spec.json`. Exit code 1 with one line says
 * why a start could not be proved to be safe: the server must not be started then.
 */
import * as fs from "node:fs";
import { gate } from "./gate";
import { keep } from "./keep";
import { seal } from "./seal";
import { DEVICE_SPEC_FILE, DeviceError, type DeviceSpec } from "./spec";

const USAGE = "usage: leafline-device gate | seal | keep";

async function main([action]: readonly string[]): Promise<void> {
	if (action === "gate") await gate(".", readSpec(), say);
	else if (action === "seal") endedWell() && seal(".", readSpec());
	else if (action === "keep") keep(".");
	else throw new DeviceError(USAGE);
}

function readSpec(): DeviceSpec {
	try {
		return JSON.parse(fs.readFileSync(DEVICE_SPEC_FILE, "utf8")) as DeviceSpec;
	} catch (error) {
		throw new DeviceError(`${DEVICE_SPEC_FILE} cannot be read: ${error instanceof Error ? error.message : error}`);
	}
}

/** What systemd says of the server to `ExecStopPost=` (systemd.exec(5)); elsewhere whoever runs `seal` knows. */
function endedWell(): boolean {
	const { EXIT_CODE: code = "exited", EXIT_STATUS: status = "0" } = process.env;
	return code === "exited" && status === "0";
}

/** What the machine refuses is one line as well: its message says what was refused, and where. */
function isFault(error: unknown): error is Error {
	return error instanceof DeviceError || (error instanceof Error && "syscall" in error);
}

function say(line: string): void {
	console.log(`leafline: ${line}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
	console.error(isFault(error) ? `leafline: ${error.message}` : error);
	process.exitCode = 1;
});
