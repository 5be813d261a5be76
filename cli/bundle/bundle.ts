import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackOutputs } from "../../contract/outputs";
import { MONITOR_PORT } from "../../render/compose/model";
import { collectGarbage } from "../../system/garbage";
import { messageOf, UserError } from "../errors";
import { Archives } from "./archive";
import { type Arch, type Common, commonFiles } from "./common";
import { type DeviceBundle, deviceBundle, signerOf } from "./device";
import { Folders, wholeBundle } from "./folder";
import type { BundleOptions } from "./options";

/** Beside the bundles, where credentials are kept apart; no device can be called like that. */
export const APART = "_credentials";

/** So many bundles leave some 17 MB behind that nobody needs: with ten thousand, as much as the outputs take. */
const COLLECT_EVERY = 2_000;

/**
 * Makes the bundles of devices, one at a time. They appear in their places when all of them are made: what fails leaves the
 * folder as it was.
 * @param around writes what belongs to all of them, beside them
 * @returns public key of who signed them
 * @throws UserError
 */
export async function makeBundles(
	outputs: StackOutputs,
	devices: readonly string[],
	out: string,
	options: BundleOptions,
	progress: (done: number) => void = () => {},
	around?: (stage: string) => Promise<void>,
): Promise<string> {
	const signer = signerOf(outputs);
	const commonOf = commonByArch(outputs, options);
	const stage = stageIn(out);
	const writer = options.format === "tar.gz" ? archiveWriter(stage) : folderWriter(stage);
	const apart = new Folders();
	try {
		for (const [index, device] of devices.entries()) {
			const { arch, common } = await commonOf(device);
			const { release, credentials, mount } = options;
			const bundle = deviceBundle(outputs, device, signer, {
				release,
				credentials,
				common: common.files,
				versions: common.versions,
				...(mount !== undefined && { mount }),
				...(options.format === "compose" && { monitorPort: MONITOR_PORT }),
				...(options.extras.length > 0 && { arch }),
			});
			await writer(credentials === "together" ? withCredentials(bundle) : bundle, common);
			if (credentials === "apart") apart.write(join(stage, APART, device), bundle.credentials);
			progress(index + 1);
			if ((index + 1) % COLLECT_EVERY === 0) collectGarbage();
		}
		await around?.(stage);
		moveAll(stage, out);
	} catch (error) {
		if (error instanceof UserError) throw error;
		const { code } = error as NodeJS.ErrnoException;
		if (code === undefined) throw error;
		throw new UserError(`the bundles cannot be written to ${out}: ${messageOf(error)}`);
	} finally {
		rmSync(stage, { recursive: true, force: true });
	}
	return signer.key;
}

/** What bundles have in common, by the processor of a device; made once for each. */
export function commonByArch(
	{ leafline }: StackOutputs,
	{ arch: wanted, extras }: Pick<BundleOptions, "arch" | "extras">,
) {
	const made = new Map<Arch, Promise<Common>>();
	return async (device: string) => {
		const arch = wanted ?? leafline.edge?.[leafline.devices[device]?.group ?? ""]?.arch ?? "arm64";
		const common = made.get(arch) ?? commonFiles(leafline, arch, extras);
		made.set(arch, common);
		return { arch, common: await common };
	};
}

function withCredentials(bundle: DeviceBundle): DeviceBundle {
	return { ...bundle, files: { ...bundle.files, ...bundle.credentials } };
}

type Writer = (bundle: DeviceBundle, common: Common) => Promise<void>;

function folderWriter(stage: string): Writer {
	const folders = new Folders();
	return async (bundle) => folders.write(join(stage, bundle.device), wholeBundle(bundle));
}

function archiveWriter(stage: string): Writer {
	const archives = new Archives();
	return async (bundle, common) => {
		const bytes = await archives.make(wholeBundle(bundle), common.files);
		writeFileSync(join(stage, `${bundle.device}.tar.gz`), bytes, { mode: 0o600 });
	};
}

function stageIn(out: string): string {
	try {
		mkdirSync(out, { recursive: true });
		return mkdtempSync(join(out, ".making-"));
	} catch (error) {
		throw new UserError(`the bundles cannot be written to ${out}: ${messageOf(error)}`);
	}
}

function moveAll(stage: string, out: string): void {
	for (const name of readdirSync(stage)) {
		if (name === APART) {
			mkdirSync(join(out, APART), { recursive: true, mode: 0o700 });
			moveAll(join(stage, APART), join(out, APART));
			continue;
		}
		const target = join(out, name);
		if (existsSync(target)) rmSync(target, { recursive: true });
		renameSync(join(stage, name), target);
	}
}
