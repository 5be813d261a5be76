import * as fs from "node:fs";
import * as path from "node:path";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { BUNDLE } from "../../render/bundle/layout";
import { messageOf } from "../../system/message";
import { syncFolder, writeSynced } from "../../system/synced";
import { DeviceError } from "../spec";
import { createBox, open } from "./box";
import { DEVICE_NAME, fingerprintOf, type JoinAnswer, MOST_BYTES, readAnswer, signRequest } from "./paper";

/** What the device keeps for itself. It never leaves the folder. */
interface Own {
	readonly device: string;
	/** Of its user. */
	readonly seed: string;
	readonly box: string;
	readonly opener: string;
}

const OWN = "join.key";
/** What goes to the operator. */
export const REQUEST = "request.json";

/**
 * Makes the device's key, once, and a request for the operator. Run again it says the same request, with the same key.
 * @param dir folder of the credentials, as `install.sh --credentials` takes it; made where it is not there, for its owner alone
 * @returns lines for whoever stands there
 * @throws DeviceError when the folder holds the key of another device
 */
export function askToJoin(dir: string, device: string, now = new Date()): string[] {
	if (!DEVICE_NAME.test(device)) throw new DeviceError(`${JSON.stringify(device)} is no device's name`);
	fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
	const own = readOwn(dir) ?? writeOwn(dir, { device, seed: createSeed("U"), ...createBox() });
	if (own.device !== device) {
		throw new DeviceError(
			`${path.join(dir, OWN)} is the key of ${own.device}, and this is ${device}: name another folder`,
		);
	}
	const said = { device, publicKey: publicKey(own.seed), box: own.box, madeAt: now.toISOString() };
	const request = signRequest({ leafline: "enrol-request", version: 1, ...said }, own.seed);
	write(path.join(dir, REQUEST), `${JSON.stringify(request, null, "\t")}\n`, 0o644);
	return [
		`request:      ${path.join(dir, REQUEST)}`,
		`fingerprint:  ${fingerprintOf(request)}`,
		"bring the request to the operator, and read the fingerprint to them; the key stays here",
	];
}

/**
 * Takes the operator's answer: afterwards the folder holds the credentials that `install.sh --credentials` installs.
 * @param key who must have signed it, as for bundles. @default whoever it names
 * @throws DeviceError with one line; nothing is written then
 */
export function takeAnswer(dir: string, file: string, key?: string): string[] {
	const own = readOwn(dir);
	if (own === undefined) throw new DeviceError(`${dir} holds no key of leafline-device join: ask first`);
	const answer = refusable(() => readAnswer(readFile(file), key));
	const mine = publicKey(own.seed);
	if (answer.device !== own.device || answer.publicKey !== mine) {
		throw new DeviceError(
			`the answer is for ${answer.device} with the key ${answer.publicKey}, and this is ${own.device} with ${mine}`,
		);
	}
	refusable(() => checkToken(answer));
	const program = refusable(() => open(answer.program, own));
	const seedPart = `-----BEGIN USER NKEY SEED-----\n${own.seed}\n------END USER NKEY SEED------\n`;
	fs.mkdirSync(path.join(dir, BUNDLE.conf), { recursive: true, mode: 0o700 });
	write(path.join(dir, BUNDLE.programKey), program, 0o600);
	write(path.join(dir, BUNDLE.credentials), `${answer.credentials}\n${seedPart}`, 0o600);
	return [`credentials:  ${path.join(dir, BUNDLE.credentials)}`, `now install.sh --credentials ${dir}`];
}

/** That the token in it is for this key and this name: the hub would say so later, and less clearly. */
function checkToken({ credentials, device, publicKey: mine }: JoinAnswer): void {
	const [token = ""] = credentials.match(/^ey[\w-]+\.[\w-]+\.[\w-]+$/m) ?? [];
	const { sub, name } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}");
	if (sub !== mine || name !== device) throw new Error("the credentials in the answer are for another key or name");
}

function readOwn(dir: string): Own | undefined {
	let text: string;
	try {
		text = fs.readFileSync(path.join(dir, OWN), "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
	try {
		const own = JSON.parse(text) as Own;
		publicKey(own.seed);
		return own;
	} catch {
		// Never the text itself.
		throw new DeviceError(`${path.join(dir, OWN)} is damaged; take it away, and ask anew with another key`);
	}
}

function writeOwn(dir: string, own: Own): Own {
	write(path.join(dir, OWN), JSON.stringify(own), 0o600);
	return own;
}

/** Whole or not at all, and on the disk: a key that a power cut took would be let in and lost. */
function write(file: string, text: string, mode: number): void {
	const beside = `${file}.new`;
	fs.rmSync(beside, { force: true });
	writeSynced(beside, text, "wx", mode);
	fs.renameSync(beside, file);
	syncFolder(path.dirname(file));
}

function readFile(file: string): string {
	if (fs.statSync(file).size > MOST_BYTES) throw new Error(`${file} is too long to be an answer`);
	return fs.readFileSync(file, "utf8");
}

function refusable<T>(act: () => T): T {
	try {
		return act();
	} catch (error) {
		throw new DeviceError(messageOf(error));
	}
}
