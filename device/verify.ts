import * as fs from "node:fs";
import * as path from "node:path";
import { verify as isSignedBy } from "../components/identity/nkey";
import { foreign } from "../config/printable";
import { BUNDLE } from "../render/bundle/layout";
import type { FileEntry, Manifest } from "../render/bundle/manifest";
import { messageOf } from "../system/message";
import { hashOf } from "./linkable";
import { DeviceError } from "./spec";

export interface VerifyOptions {
	/** Public key that must have signed. @default the one that the bundle names: that nothing was damaged, not who made it */
	readonly key?: string;
	/** Device that the bundle must be for. @default any */
	readonly device?: string;
	/** Folder of the credentials. @default the bundle's, as everything else */
	readonly credentials?: string;
}

/**
 * Sees to it that a bundle is whole and signed: every file as the manifest has it, and no other one.
 * @returns its manifest
 * @throws DeviceError with one line for the first fault
 */
export function verifyBundle(dir: string, { key, device, credentials = dir }: VerifyOptions = {}): Manifest {
	const manifest = verifyManifest(read(dir, BUNDLE.manifest), read(dir, BUNDLE.signature).toString("latin1"), {
		...(key !== undefined && { key }),
		...(device !== undefined && { device }),
	});
	for (const [name, entry] of Object.entries(manifest.files)) check(dir, name, entry);
	for (const [name, entry] of Object.entries(manifest.credentials)) check(credentials, name, entry);
	refuseOthers(dir, new Set([...Object.keys(manifest.files), ...Object.keys(manifest.credentials)]));
	return manifest;
}

/**
 * Sees to it that a manifest is signed, and for this device.
 * @param signature base64
 * @throws DeviceError as `verifyBundle()`
 */
export function verifyManifest(
	text: Buffer,
	signature: string,
	{ key, device }: Omit<VerifyOptions, "credentials">,
): Manifest {
	const manifest = parse(text);
	if (!isSigned(key ?? manifest.key, text, signature)) {
		const by = key === undefined ? "" : ` with ${key}, which this device trusts`;
		const other = key !== undefined && manifest.key !== key ? `; it names ${foreign(manifest.key, 60)}` : "";
		throw new DeviceError(
			`the bundle is not signed${by}: its manifest or its signature is of another one, or was changed${other}`,
		);
	}
	if (device !== undefined && manifest.device !== device) {
		throw new DeviceError(`the bundle is for ${manifest.device}, and this is ${device}: nothing is installed`);
	}
	for (const name of [...Object.keys(manifest.files), ...Object.keys(manifest.credentials)]) {
		// Signed, but a path that leads elsewhere is nobody's bundle.
		if (path.isAbsolute(name) || name.split("/").includes("..")) {
			throw new DeviceError(`${foreign(name, 100)} is no path`);
		}
	}
	return manifest;
}

/** @param signature base64 */
export function isSigned(key: string, text: Buffer, signature: string): boolean {
	try {
		return isSignedBy(key, text, Buffer.from(signature.trim(), "base64"));
	} catch {
		return false;
	}
}

function parse(text: Buffer): Manifest {
	try {
		const value = JSON.parse(text.toString("utf8")) as Manifest;
		const maps = [value.files, value.credentials, value.versions].every((it) => typeof it === "object" && it !== null);
		const texts = [value.device, value.key].every((it) => typeof it === "string");
		if (value.version === 1 && texts && maps && Number.isSafeInteger(value.release)) return value;
		if (typeof value.version === "number" && value.version > 1) {
			throw new DeviceError(`the bundle was made by a newer leafline: its manifest has version ${value.version}`);
		}
	} catch (error) {
		if (error instanceof DeviceError) throw error;
	}
	throw new DeviceError(`${BUNDLE.manifest} is damaged: copy the bundle again`);
}

function check(dir: string, name: string, { sha256, bytes }: FileEntry): void {
	const content = read(dir, name);
	if (content.length !== bytes || hashOf(content) !== sha256) {
		throw new DeviceError(`${name} is not what was signed: it was damaged or changed; copy the bundle again`);
	}
}

function refuseOthers(dir: string, known: ReadonlySet<string>): void {
	for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
		if (entry.isDirectory()) continue;
		const name = path.relative(dir, path.join(entry.parentPath ?? entry.path, entry.name));
		if (known.has(name) || name === BUNDLE.manifest || name === BUNDLE.signature) continue;
		throw new DeviceError(`${foreign(name, 100)} is no part of the bundle: take it away`);
	}
}

function read(dir: string, name: string): Buffer {
	try {
		return fs.readFileSync(path.join(dir, name));
	} catch (error) {
		throw new DeviceError(`${name} of the bundle cannot be read: ${messageOf(error)}`);
	}
}
