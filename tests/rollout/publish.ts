import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { sign } from "../../components/identity/nkey";
import { OWN } from "../../render/bundle/layout";
import { type Manifest, manifestText } from "../../render/bundle/manifest";
import { type Have, readHave } from "../../topology/rollout/have";
import {
	CHUNK_BYTES,
	haveKey,
	keySubject,
	ownKey,
	partKey,
	RELEASES_BUCKET,
	ROLLOUT_BUCKET,
	ROLLOUT_STREAM,
	wantKey,
} from "../../topology/rollout/names";
import type { Bench } from "../support/bench";
import { put } from "./hub";

/** Puts onto the hub what devices fetch of a bundle, and what the device is to run. */
export async function publishBundle(bench: Bench, bundle: string, want: string): Promise<void> {
	const text = fs.readFileSync(path.join(bundle, "manifest.json"));
	const { device, files } = JSON.parse(text.toString()) as Manifest;
	const names = ["manifest.json", ...Object.keys(files)];
	for (const name of names) {
		const bytes = fs.readFileSync(path.join(bundle, name));
		const hash = createHash("sha256").update(bytes).digest("hex");
		for (let n = 0; n * CHUNK_BYTES < bytes.length; n++) {
			const key = OWN.includes(name) ? ownKey(device, hash, n) : partKey(hash, n);
			await put(bench, RELEASES_BUCKET, key, gzipSync(bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES)));
		}
	}
	await put(bench, ROLLOUT_BUCKET, wantKey(device), want);
}

/** What a device says of itself; undefined before it has. */
export async function haveOf(bench: Bench, device: string): Promise<Have | undefined> {
	const ask = { last_by_subj: keySubject(ROLLOUT_BUCKET, haveKey(device)) };
	try {
		const { message } = await bench.api("hub", `STREAM.MSG.GET.${ROLLOUT_STREAM}`, ask);
		return readHave(Buffer.from((message as { data?: string }).data ?? "", "base64"));
	} catch {
		return undefined;
	}
}

/** A bundle like another one but for some files, signed. @returns its folder */
export function changedBundle(
	bundle: string,
	out: string,
	seed: string,
	release: number,
	files: Readonly<Record<string, string>>,
): string {
	fs.cpSync(bundle, out, { recursive: true });
	const manifest = JSON.parse(fs.readFileSync(path.join(out, "manifest.json"), "utf8")) as Manifest;
	const entries = Object.entries(files).map(([name, text]) => {
		fs.mkdirSync(path.dirname(path.join(out, name)), { recursive: true });
		fs.writeFileSync(path.join(out, name), text);
		return [name, { sha256: createHash("sha256").update(text).digest("hex"), bytes: Buffer.byteLength(text) }] as const;
	});
	const changed = { ...manifest, release, files: { ...manifest.files, ...Object.fromEntries(entries) } };
	const text = manifestText(changed);
	fs.writeFileSync(path.join(out, "manifest.json"), text);
	fs.writeFileSync(path.join(out, "manifest.sig"), `${sign(seed, Buffer.from(text)).toString("base64")}\n`);
	return out;
}
