import { createHash } from "node:crypto";
import * as z from "zod";
import { sign } from "../../components/identity/nkey";
import { messageOf } from "../../system/message";
import { isSigned } from "../verify";

/**
 * What goes between a device that made its key itself and the operator who lets it in: a request, and the answer to it. Both
 * are files that may travel in the open: no seed is in them but one that only the device can open (`box.ts`).
 */

/** What a device may be called here; the operator's fleet file says more. */
export const DEVICE_NAME = /^[a-z0-9-]{1,63}$/;

const KEY = z.string().regex(/^U[A-Z2-7]{55}$/);
const DEVICE = z.string().regex(DEVICE_NAME);
const TEXT = z.string().min(1).max(8192);

const request = z.strictObject({
	leafline: z.literal("enrol-request"),
	version: z.literal(1),
	device: DEVICE,
	publicKey: KEY,
	box: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
	madeAt: z.string().regex(/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/),
	signature: TEXT,
});

const answer = z.strictObject({
	leafline: z.literal("enrol-answer"),
	version: z.literal(1),
	device: DEVICE,
	publicKey: KEY,
	credentials: TEXT,
	program: z.strictObject({ box: TEXT, text: TEXT }),
	key: KEY,
	signature: TEXT,
});

/** A device asks to be let in. */
export type JoinRequest = z.output<typeof request>;

/** It may come in. */
export type JoinAnswer = z.output<typeof answer>;

/** Both are far shorter. */
export const MOST_BYTES = 64 * 1024;

type Unsigned<T> = Omit<T, "signature">;

/** @param seed of the device's own user */
export function signRequest(paper: Unsigned<JoinRequest>, seed: string): JoinRequest {
	return { ...paper, signature: signatureOf(paper, seed) };
}

/** @param seed of who signs the devices' bundles */
export function signAnswer(paper: Unsigned<JoinAnswer>, seed: string): JoinAnswer {
	return { ...paper, signature: signatureOf(paper, seed) };
}

/** @throws Error with one line for anything but a whole request that the key in it has signed */
export function readRequest(text: string): JoinRequest {
	const paper = read(request, text, "a request of leafline-device join");
	if (!isSigned(paper.publicKey, bytesOf(paper), paper.signature))
		throw new Error("the request is not signed by its own key: it was changed");
	return paper;
}

/**
 * @param key public key of who must have signed it. @default the one that it names: whoever brought it is trusted
 * @throws Error with one line
 */
export function readAnswer(text: string, key?: string): JoinAnswer {
	const paper = read(answer, text, "an answer of leafline enrol");
	if (!isSigned(key ?? paper.key, bytesOf(paper), paper.signature)) {
		throw new Error(
			`the answer is not signed with ${key ?? "the key that it names"}: it was changed, or is somebody else's`,
		);
	}
	return paper;
}

/**
 * What two people read to each other, that nobody has put another key in between: 80 bits, so that nobody finds a second
 * request with the same.
 */
export function fingerprintOf({ device, publicKey, box }: Pick<JoinRequest, "device" | "publicKey" | "box">): string {
	const hash = createHash("sha256").update(["leafline enrol 1", device, publicKey, box].join("\n")).digest("hex");
	return (hash.slice(0, 20).match(/.{4}/g) ?? []).join("-");
}

function read<T extends z.ZodType>(schema: T, text: string, what: string): z.output<T> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new Error(`this is not ${what}`);
	}
	const { version } = (value ?? {}) as { version?: unknown };
	if (typeof version === "number" && version > 1) throw new Error(`${what}, of a newer leafline (version ${version})`);
	const { data, error } = schema.safeParse(value);
	if (error)
		throw new Error(
			`this is not ${what}: ${error.issues[0]?.path.join(".") || "its fields"} ${messageOf(error.issues[0])}`,
		);
	return data;
}

/** Of everything that it says, whatever the order. */
function bytesOf(paper: object): Buffer {
	const { signature: _, ...said } = paper as { signature?: unknown };
	return Buffer.from(JSON.stringify(said, sortedKeys));
}

function sortedKeys(_key: string, value: unknown): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function signatureOf(paper: object, seed: string): string {
	return sign(seed, bytesOf(paper)).toString("base64");
}
