import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { StackOutputs } from "../../contract/outputs";
import { fingerprintOf, type JoinRequest, MOST_BYTES, readRequest } from "../../device/join/paper";
import { signerOf } from "../bundle/device";
import { runUpdate } from "../engine";
import { messageOf, UserError } from "../errors";
import { named } from "../fleet/named";
import { type FleetFile, openFleetFile } from "../fleet-file";
import { projectDir } from "../project";
import { answerTo } from "./answer";

/** Who has which key: what the outputs make credentials and configurations of. */
const ROSTER = "**Roster::roster";

export interface EnrolOptions {
	readonly stack?: string | undefined;
	/** What the device showed as its request's fingerprint. @default nobody is let in */
	readonly approve?: string | undefined;
	/** File of names and fingerprints, a pair a line, that are let in. @default none */
	readonly rule?: string | undefined;
	/** Where the answer goes. @default `DEVICE.answer.json` */
	readonly out?: string | undefined;
}

/**
 * Lets a device in that made its key itself: writes its public key into the fleet file, brings that up, and writes the
 * answer that it takes. With the same request again it writes the answer anew, as after another signing key.
 * @returns exit code: 0 done, or shown; 1 the update failed
 * @throws UserError when it cannot be let in; ConfigError for a fleet file with mistakes
 */
export async function enrol(
	outputs: StackOutputs,
	requestFile: string,
	{ stack: wanted, approve, rule, out }: EnrolOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const request = openRequest(requestFile);
	const { device, publicKey } = request;
	const fingerprint = fingerprintOf(request);
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const file = openFleetFile(root, stack);
	const edits = editsFor(file, request);
	say(`${device} asks to be let in with the key ${publicKey}, made ${request.madeAt}`);
	say(`fingerprint:  ${fingerprint}`);
	for (const { path, value, why } of edits) say(`${file.name}: ${path.join(".")}: ${value}${why}`);
	if (edits.length === 0) say(`${file.name} names this key already: the answer is written anew`);
	if (!isApproved(request, fingerprint, approve, rule)) {
		say("nothing was done; --approve FINGERPRINT lets it in, with the one that the device shows");
		return 0;
	}
	const signer = signerOf(outputs);
	for (const { path, value } of edits) file.set(path, value);
	if (edits.length > 0) {
		file.save();
		const targets = leafline.devices[device] && !leafline.local ? [ROSTER] : [];
		const { good, why } = await runUpdate(root, stack, targets);
		if (!good) {
			say(`the update failed: ${why}`);
			return 1;
		}
	}
	const answerFile = out ?? `${device}.answer.json`;
	const answer = answerTo(request, signer, leafline.ca);
	writeFileSync(answerFile, `${JSON.stringify(answer, null, "\t")}\n`);
	say(`${answerFile}: bring it to the device: leafline-device join accept ${answerFile}`);
	say(`its bundle: write the outputs anew, leafline bundle ${device} --credentials none`);
	return 0;
}

function openRequest(file: string): JoinRequest {
	try {
		if (statSync(file).size > MOST_BYTES) throw new Error("it is too long");
		return readRequest(readFileSync(file, "utf8"));
	} catch (error) {
		throw new UserError(`${file}: ${messageOf(error)}`);
	}
}

interface Edit {
	readonly path: readonly string[];
	readonly value: string | number;
	/** What follows, where it does. */
	readonly why: string;
}

/** @throws UserError where the device is not one to be let in */
function editsFor({ fleet, name, number }: FleetFile, { device, publicKey }: JoinRequest): Edit[] {
	const found = named(fleet.devices, device, name);
	if (found.retired !== undefined) {
		throw new UserError(`${device} is retired (retired: ${found.retired}): take that out of ${name} first`);
	}
	const holder = Object.values(fleet.devices).find((other) => other.publicKey === publicKey);
	if (holder !== undefined && holder.name !== device) throw new UserError(`this key is that of ${holder.name} already`);
	if (found.publicKey === publicKey) return [];
	const rotation = ["devices", device, "rotation"];
	const before = ", so that what it had before opens until it came in with this";
	return [
		{ path: ["devices", device, "publicKey"], value: publicKey, why: "" },
		{ path: rotation, value: number(rotation) + 1, why: before },
	];
}

/** @throws UserError where somebody was to be let in and this is somebody else */
function isApproved(
	{ device }: JoinRequest,
	fingerprint: string,
	approve: string | undefined,
	rule: string | undefined,
): boolean {
	if (approve !== undefined) {
		if (approve.trim().toLowerCase() === fingerprint) return true;
		throw new UserError(`the fingerprint of this request is ${fingerprint}, not ${approve}: it is of another key`);
	}
	if (rule === undefined) return false;
	let lines: string[];
	try {
		lines = readFileSync(rule, "utf8").split("\n");
	} catch (error) {
		throw new UserError(`--rule ${rule}: ${messageOf(error)}`);
	}
	const pairs = lines.map((line) => line.replace(/#.*/, "").trim().split(/\s+/));
	if (pairs.some(([name, print]) => name === device && print?.toLowerCase() === fingerprint)) return true;
	throw new UserError(`${rule} has no line "${device} ${fingerprint}": nobody was let in`);
}
