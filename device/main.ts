#!/usr/bin/env node
/**
 * The device program: what a nats-server on a device needs beside it so that nothing is lost.
 *
 *     leafline-device gate     before the server starts: moves streams on after an end that was not clean
 *     leafline-device seal     after the server has ended: everything on disk, and said so
 *     leafline-device streams  behind the gate: makes the streams in files that the store does not have yet
 *     leafline-device keep     while it runs: reserves sequences, makes room, and streams in memory
 *     leafline-device mqtt     takes messages of MQTT into the streams; a process of its own, where the fleet file asks for it
 *     leafline-device verify   whether a bundle is whole and signed; prints `DEVICE RELEASE KEY`
 *     leafline-device rollout  judges the release on trial, asks the hub what is wanted, and fetches it
 *     leafline-device take     makes a release of what was pulled, if it is signed; for `switch`, as root
 *     leafline-device join     makes this device's own key, and takes what lets it in: `request DEVICE`, then `accept ANSWER`
 *     leafline-device doctor   what is wrong with this device, and what to do: clock, way to the hub, credentials, disk
 *
 * `gate`, `streams` and `seal` read `device.json` in the current folder, `keep` reads `spec.json`, `mqtt` reads `mqtt.json`. Exit code 1 with one line says
 * why a start could not be proved to be safe: the server must not be started then. `gate` waits for a disk that is full or
 * read-only.
 */
import * as fs from "node:fs";
import { messageOf } from "../system/message";
import { gate } from "./gate";
import { keep } from "./keep";
import { seal } from "./seal";
import { DEVICE_SPEC_FILE, DeviceError, type DeviceSpec, DiskError } from "./spec";
import { makeStreams } from "./streams";
import { verifyBundle } from "./verify";

const USAGE =
	"usage: leafline-device gate | streams | seal | keep | mqtt | rollout | doctor [FOLDER] | take STORE BASE OUT | join request DEVICE [--dir FOLDER] | join accept ANSWER [--dir FOLDER] [--key KEY] | verify FOLDER [--key KEY] [--device NAME] [--credentials FOLDER]";

async function main([action, ...options]: readonly string[]): Promise<void> {
	if (action === "gate") await onceTheDiskTakesIt(() => gate(".", readSpec(), say));
	else if (action === "seal") endedWell() && seal(".", readSpec());
	else if (action === "keep") keep(".");
	else if (action === "streams") await makeStreams(".", readSpec(), say);
	else if (action === "mqtt") await takeMqtt();
	else if (action === "verify") verify(options);
	else if (action === "rollout") await rollout();
	else if (action === "take") await take(options);
	else if (action === "join") await join(options);
	else if (action === "doctor") await doctor(options);
	else throw new DeviceError(USAGE);
}

async function takeMqtt(): Promise<void> {
	// Loaded here, as the doctor is.
	const { mqtt } = await import("./mqtt/bridge");
	await mqtt(".");
}

/** For `install.sh`. */
function verify(words: readonly string[]): void {
	const [dir, ...rest] = words;
	const options: Record<string, string> = {};
	for (let at = 0; at < rest.length; at += 2) {
		const [name = "", value] = [rest[at]?.replace(/^--/, ""), rest[at + 1]];
		if (value === undefined || !["key", "device", "credentials"].includes(name)) throw new DeviceError(USAGE);
		options[name] = value;
	}
	if (dir === undefined) throw new DeviceError(USAGE);
	const { device, release, key } = verifyBundle(dir, options);
	console.log(`${device} ${release} ${key}`);
}

async function rollout(): Promise<void> {
	const { runRollout } = await import("./rollout/run");
	await runRollout(".", say);
}

/** For `switch`. */
async function take([storeDir, base, out, ...rest]: readonly string[]): Promise<void> {
	if (storeDir === undefined || base === undefined || out === undefined || rest.length > 0)
		throw new DeviceError(USAGE);
	const { takeRelease } = await import("./rollout/take");
	console.log(takeRelease(storeDir, base, out));
}

/** On a device that makes its key itself, before anything of it is installed. */
async function join([step, what, ...rest]: readonly string[]): Promise<void> {
	const options: Record<string, string> = { "--dir": "join" };
	for (let at = 0; at < rest.length; at += 2) {
		const [name = "", value] = [rest[at], rest[at + 1]];
		if (value === undefined || !["--dir", "--key"].includes(name)) throw new DeviceError(USAGE);
		options[name] = value;
	}
	// Loaded here, as the doctor is.
	const { askToJoin, takeAnswer } = await import("./join/join");
	const { "--dir": dir = "", "--key": key } = options;
	if (what === undefined || (step !== "request" && step !== "accept")) throw new DeviceError(USAGE);
	for (const line of step === "request" ? askToJoin(dir, what) : takeAnswer(dir, what, key)) console.log(line);
}

/** Exit code 2 where there is a fault, as `leafline doctor` has it. */
async function doctor([dir = ".", ...rest]: readonly string[]): Promise<void> {
	if (rest.length > 0) throw new DeviceError(USAGE);
	// Loaded here: whoever keeps a device does without it, and has little memory.
	const { examine } = await import("./doctor/doctor");
	const { findingLines } = await import("./doctor/finding");
	const { device, findings } = await examine(dir);
	console.log([`leafline · ${device}`, "", ...findingLines(findings)].join("\n"));
	if (findings.some(({ level }) => level === "fault")) process.exitCode = 2;
}

function readSpec(): DeviceSpec {
	try {
		return JSON.parse(fs.readFileSync(DEVICE_SPEC_FILE, "utf8")) as DeviceSpec;
	} catch (error) {
		throw new DeviceError(`${DEVICE_SPEC_FILE} cannot be read: ${messageOf(error)}`);
	}
}

const DISK_AGAIN_MS = 2_000;

/** A unit that is started again and again says the same each time: this says it once, and goes on when it can. */
async function onceTheDiskTakesIt(work: () => Promise<void>): Promise<void> {
	for (let said = ""; ; ) {
		try {
			await work();
			return;
		} catch (error) {
			if (!(error instanceof DiskError)) throw error;
			if (error.message !== said) say(`${error.message}; waits for it`);
			said = error.message;
		}
		await new Promise((done) => setTimeout(done, DISK_AGAIN_MS));
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
