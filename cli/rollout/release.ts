import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackOutputs } from "../../contract/outputs";
import { verifyBundle } from "../../device/verify";
import { BUNDLE } from "../../render/bundle/layout";
import type { Manifest } from "../../render/bundle/manifest";
import { commonByArch } from "../bundle/bundle";
import type { Arch, Extra } from "../bundle/common";
import { type Content, type Files, fileContent } from "../bundle/content";
import { deviceBundle, signerOf } from "../bundle/device";
import { messageOf, UserError } from "../errors";

/** What one device is to get. */
export interface DeviceRelease {
	readonly manifest: Content;
	readonly signature: string;
	/** Of the manifest; no credentials. */
	readonly files: Files;
}

/** Where releases of devices come from. */
export interface ReleaseSource {
	/** What is known of it before it is made, for what is checked first. @throws UserError */
	about(device: string): Promise<{ readonly versions: Manifest["versions"]; readonly brings: readonly string[] }>;
	/** @throws UserError */
	of(device: string): Promise<DeviceRelease>;
}

export interface ReleaseOptions {
	readonly release: number;
	readonly extras: readonly Extra[];
	readonly arch?: Arch;
	readonly mount?: string;
}

/** Made from the outputs, as `leafline bundle` makes bundles. @throws UserError */
export function releasesFromOutputs(outputs: StackOutputs, options: ReleaseOptions): ReleaseSource {
	const signer = signerOf(outputs);
	const commonOf = commonByArch(outputs, options);
	return {
		async about(device) {
			const { versions, files } = (await commonOf(device)).common;
			return { versions, brings: Object.keys(files) };
		},
		async of(device) {
			const { arch, common } = await commonOf(device);
			const { release, mount, extras } = options;
			const { manifest, signature, files } = deviceBundle(outputs, device, signer, {
				release,
				credentials: "none",
				common: common.files,
				versions: common.versions,
				...(mount !== undefined && { mount }),
				...(extras.length > 0 && { arch }),
			});
			return { manifest, signature: textOf(signature), files };
		},
	};
}

/** Bundles that `leafline bundle --credentials none` has made, folder by device. */
export function releasesFromFolder({ leafline }: StackOutputs, dir: string, release: number): ReleaseSource {
	const manifestOf = (device: string): Manifest => {
		const folder = join(dir, device);
		let manifest: Manifest;
		try {
			const key = leafline.bundleKey;
			manifest = verifyBundle(folder, { device, ...(key !== undefined && { key }) });
		} catch (error) {
			throw new UserError(`${folder}: ${messageOf(error)}`);
		}
		if (manifest.release !== release) throw new UserError(`${folder} is release ${manifest.release}, not ${release}`);
		if (Object.keys(manifest.credentials).length > 0) {
			throw new UserError(
				`${folder} holds credentials, which never travel by the hub: make it with leafline bundle --credentials none`,
			);
		}
		return manifest;
	};
	return {
		async about(device) {
			const { versions, files } = manifestOf(device);
			return { versions, brings: Object.keys(files) };
		},
		async of(device) {
			const manifest = manifestOf(device);
			const file = (name: string) => join(dir, device, name);
			const files = Object.entries(manifest.files).map(([name, { sha256 }]) => [name, fileContent(file(name), sha256)]);
			return {
				manifest: fileContent(file(BUNDLE.manifest)),
				signature: readFileSync(file(BUNDLE.signature), "latin1").trim(),
				files: Object.fromEntries(files) as Files,
			};
		},
	};
}

function textOf(content: Content): string {
	return ("text" in content ? content.text : readFileSync(content.file)).toString("latin1").trim();
}
